"""What the two platforms run for a review: the one script, with the least rights, from pinned actions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
GITHUB: dict[str, Any] = yaml.load(  # not safe_load's YAML 1.1, in which `on` is a truth value
    (ROOT / ".github" / "workflows" / "review.yml").read_text(), Loader=yaml.BaseLoader
)
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "ci" / "review.gitlab-ci.yml").read_text())
SCRIPT = re.compile(r"ci/review\.sh (install|plan review\.md|comment review\.md)")


def steps(job: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = GITHUB["jobs"][job]["steps"]
    return found


def test_the_workflow_can_be_called_and_runs_for_pull_requests() -> None:
    assert set(GITHUB["on"]) == {"pull_request", "workflow_call"}


def test_every_command_is_the_one_script() -> None:
    commands = [step["run"] for job in GITHUB["jobs"] for step in steps(job) if "run" in step]
    assert len(commands) == 3
    assert all(SCRIPT.fullmatch(command) for command in commands)
    theirs = [line for job in GITLAB.values() for line in job["script"] if not line.startswith("git ")]
    assert theirs == commands


def test_every_action_is_pinned_by_its_commit() -> None:
    used = [step["uses"] for job in GITHUB["jobs"] for step in steps(job) if "uses" in step]
    assert len(used) == 5
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one) for one in used)


def test_the_job_that_runs_the_change_can_only_read_and_has_no_token() -> None:
    plan = GITHUB["jobs"]["plan"]
    assert GITHUB["permissions"] == {}
    assert plan["permissions"] == {"contents": "read"}
    assert "token" not in str(plan).lower()
    assert all(
        step["with"]["persist-credentials"] == "false"
        for job in GITHUB["jobs"] for step in steps(job) if "checkout" in step.get("uses", "")
    )  # fmt: skip


def test_the_job_that_writes_runs_the_bases_script_and_may_write_nothing_but_comments() -> None:
    comment = GITHUB["jobs"]["comment"]
    assert comment["permissions"] == {"contents": "read", "pull-requests": "write"}
    assert steps("comment")[0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    fetched, taken, _ = GITLAB["review-comment"]["script"]
    assert fetched == 'git fetch origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"'
    assert taken == "git checkout --quiet FETCH_HEAD -- ci"


def test_nothing_that_somebody_else_writes_is_put_into_a_command() -> None:
    assert "${{" not in "".join(step.get("run", "") for job in GITHUB["jobs"] for step in steps(job))


def test_checkov_is_pinned_and_no_requirement_of_the_project() -> None:
    lines = (ROOT / "ci" / "requirements-checkov.txt").read_text().splitlines()
    (pin,) = [line for line in lines if not line.startswith("#")]
    assert re.fullmatch(r"checkov==[\d.]+", pin)
    assert all("checkov" not in file.read_text() for file in ROOT.glob("requirements*"))
