"""`ci/review.sh` from end to end: a repository in which a branch changes a setting, planned, packs on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.load import FULL_KEY

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("ci", "cli", "components", "config", "engine", "lab", "policy-packs", "proof", "services", "stacks")
CHECKOV = '#!/bin/sh\necho \'{"resource_count": 5, "checkov_version": "of a test"}\'\n'


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, check=True)


def settings_of_one_cluster() -> dict[str, Any]:
    """The dev stack's file with its first cluster alone."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    settings = document["config"][FULL_KEY]
    settings["clusters"] = settings["clusters"][:1]
    settings["mesh"] = {"multiPrimary": False}
    for tenant in settings["tenants"]:
        tenant["quota"].get("gpus", {}).pop("nvidia.com/gpu.shared", None)
    return document


def exemptions_of_one_cluster() -> dict[str, Any]:
    """The dev stack's settings of the packs, without exemptions for what a mesh of several clusters has."""
    config: dict[str, Any] = json.loads((ROOT / "policy-packs/platform/config/dev.json").read_text())
    for pack in config.values():
        kept = [one for one in pack.get("exemptions", ()) if one["namespace"] != "istio-system"]
        pack["exemptions"] = kept
    return config


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a small stack committed on `main`, and a branch `change` checked out."""
    folder = tmp_path_factory.mktemp("review") / "project"
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("Pulumi.yaml", "__main__.py", ".gitignore"):
        shutil.copy(ROOT / file, folder)
    exemptions = folder / "policy-packs" / "platform" / "config" / "dev.json"
    exemptions.write_text(json.dumps(exemptions_of_one_cluster(), indent=1))
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(settings_of_one_cluster(), sort_keys=False))
    (folder / ".git" / "info").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / ".git" / "info" / "exclude").write_text(".venv\nbuild\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "base")
    git(folder, "checkout", "--quiet", "-b", "change")
    (folder / ".venv").symlink_to(sys.prefix)
    program = folder / "build" / "checkov" / "bin" / "checkov"
    program.parent.mkdir(parents=True)
    program.write_text(CHECKOV)
    program.chmod(0o755)
    return folder


def planned(folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """What `ci/review.sh plan` does, and the comment it wrote."""
    (folder / "review.md").unlink(missing_ok=True)
    done = subprocess.run(
        ["ci/review.sh", "plan", "review.md"],
        cwd=folder,
        env={**os.environ, "BASE": "main", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    comment = folder / "review.md"
    return done, comment.read_text() if comment.exists() else ""


def change(folder: Path, how: Callable[[dict[str, Any]], object]) -> str:
    """Change the settings in the working tree; the text of the file."""
    document = settings_of_one_cluster()
    how(document["config"][FULL_KEY])
    text = yaml.safe_dump(document, sort_keys=False)
    (folder / "Pulumi.dev.yaml").write_text(text)
    return text


def test_a_changed_setting_is_reviewed_and_what_did_not_change_is_not_shown(
    repository: Path, tmp_path: Path
) -> None:
    def more(settings: dict[str, Any]) -> None:
        settings["clusters"][0]["gpuPools"][1]["nodes"] = 3

    change(repository, more)
    summary = tmp_path / "summary"
    done, comment = planned(repository, GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stderr + comment
    assert comment.startswith("<!-- mlops review -->\n## Review of `dev` against `")
    assert "Nothing mandatory is violated." in comment
    assert "**GPU pools**: +8 GPUs" in comment
    assert (
        "| `east` | `training-h100` | 16 → 24 | `nvidia.com/gpu` 16 → `nvidia.com/gpu` 24 | unknown |"
        in comment
    )
    assert "Checkov of a test judged 5 resources" in comment
    assert (
        "- `SE-04` `vault:kubernetes/authBackendRole:AuthBackendRole east-workloads-role-external-secrets`"
        in comment
    )
    assert "`east-mlflow-server`: `" not in comment
    assert summary.read_text() == comment


def test_a_violation_names_the_line_of_the_setting_that_caused_it(repository: Path) -> None:
    text = change(repository, lambda settings: settings["clusters"][0].update(name="north"))
    done, comment = planned(repository)
    assert done.returncode == 1, done.stderr
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "name: north" in line)
    (found,) = [one for one in comment.splitlines() if "**mandatory** `SE-04`" in one]
    assert f"`Pulumi.dev.yaml:{line}` `clusters[0]`" in found
    assert "`WorkloadLogin`" in found
    (unused,) = [one for one in comment.splitlines() if "**mandatory** `EX-02`" in one]
    config = (repository / "policy-packs/platform/config/dev.json").read_text().splitlines()
    name = next(number for number, line in enumerate(config, 1) if "east-workloads-role" in line)
    assert f"`policy-packs/platform/config/dev.json:{name - 4}`" in unused
    assert "<summary><code>east</code>: " in comment
    assert "<summary><code>north</code>: " in comment
    assert "`+` `Mlflow` `north-mlflow`: " in comment


def test_settings_that_are_wrong_are_refused_in_the_comment(repository: Path) -> None:
    change(repository, lambda settings: settings["clusters"][0].update(role="king"))
    done, comment = planned(repository)
    assert done.returncode == 1, done.stderr
    assert "It cannot be planned:" in comment
    assert "clusters[0].role" in comment


@pytest.mark.parametrize(
    ("environment", "words"),
    [({"BASE": "nothing"}, "no such commit"), ({"STACKS": "sandbox"}, "no such stack")],
)
def test_a_wrong_call_is_refused_and_leaves_no_comment(
    repository: Path, environment: dict[str, str], words: str
) -> None:
    done, comment = planned(repository, **environment)
    assert (done.returncode, comment) == (2, "")
    assert words in done.stderr


def test_a_comment_that_cannot_be_written_is_a_wrong_call_and_no_refused_change(repository: Path) -> None:
    done = subprocess.run(
        ["ci/review.sh", "plan", "none/review.md"],
        cwd=repository,
        env={**os.environ, "BASE": "main"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "error: --out none/review.md: cannot be written" in done.stderr


def test_the_script_says_how_it_is_called(repository: Path) -> None:
    done = subprocess.run(["ci/review.sh"], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "ci/review.sh plan FILE" in done.stderr
