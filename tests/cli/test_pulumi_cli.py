from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import tenacity
import yaml

from cli import chart_retries
from cli.errors import CommandFailed
from cli.pulumi_cli import PulumiCli, planned
from lab.folder import LabFolder

STACK = "urn:pulumi:dev::mlops-platform"
PROVIDER = f"{STACK}::pulumi:providers:kubernetes::east"


def step(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"op": "create", "newState": {"urn": f"{STACK}::{kind}::{name}", "type": kind, **more}}


def fake_pulumi(folder: Path, body: str) -> str:
    """A `pulumi` that does what the shell lines say and writes its arguments and variables down."""
    program = folder / "pulumi"
    program.write_text(
        f'#!/bin/sh\necho "$PWD|$PULUMI_BACKEND_URL|$PULUMI_CONFIG_PASSPHRASE_FILE|$*" >> {folder}/calls\n{body}\n'
    )
    program.chmod(0o755)
    return str(program)


def project(folder: Path) -> Path:
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: mlops-platform\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  mlops-platform:settings: {a: 1}\n")
    return folder


def test_a_component_is_in_the_cluster_of_its_children() -> None:
    component = f"{STACK}::mlops:index:Mlflow::east-mlflow"
    child = step(
        "kubernetes:core/v1:ConfigMap",
        "c",
        parent=component,
        provider=f"{PROVIDER}::some-id",
        inputs={"a": 1},
    )
    plan = planned(
        {
            "steps": [
                step("pulumi:providers:kubernetes", "east", inputs={"clusterIdentifier": "east-1"}),
                step("mlops:index:Mlflow", "east-mlflow"),
                child,
            ]
        }
    )
    assert [resource.cluster for resource in plan] == ["east-1", "east-1", "east-1"]
    assert plan[2].provider == PROVIDER
    assert plan[2].inputs == {"a": 1}


def test_a_deletion_is_planned_from_the_old_state() -> None:
    gone = {"op": "delete", "oldState": {"urn": f"{STACK}::kubernetes:core/v1:Secret::s", "type": "x"}}
    assert [(r.name, r.operation) for r in planned({"steps": [gone]})] == [("s", "delete")]


@pytest.mark.parametrize(
    "said", [{"detailedDiff": {"spec.replicas": {"kind": "update"}}}, {"diffReasons": ["spec.replicas"]}]
)
def test_what_an_update_changes_is_taken_from_pulumi(said: dict[str, Any]) -> None:
    state = {"urn": f"{STACK}::kubernetes:core/v1:Secret::s", "type": "x"}
    step = {"op": "update", "oldState": state, "newState": state, **said}
    assert [one.changed for one in planned({"steps": [step]})] == [("spec.replicas",)]


def test_a_stack_on_the_lab_never_touches_the_users_backend_or_file(tmp_path: Path) -> None:
    lab = LabFolder(tmp_path / "lab")
    lab.create()
    root = project(tmp_path / "project")
    before = (root / "Pulumi.dev.yaml").read_text()
    program = fake_pulumi(tmp_path, 'case "$*" in *"stack ls"*) echo "[]";; esac')
    PulumiCli(program=program, root=root, stack="dev", lab=lab).up()
    calls = [line.split("|") for line in (tmp_path / "calls").read_text().splitlines()]
    assert [call[3].split()[1] for call in calls] == ["stack", "stack", "up"]
    assert {call[1] for call in calls} == {lab.pulumi.as_uri()}
    assert {call[2] for call in calls} == {str(lab.secret("passphrase"))}
    assert [call[0] for call in calls] == [str(lab.pulumi), str(lab.pulumi), str(root)]
    assert f"--config-file {lab.pulumi}/Pulumi.dev.yaml" in calls[-1][3]
    assert (root / "Pulumi.dev.yaml").read_text() == before


def test_the_salt_of_the_lab_stack_survives_a_change_of_the_settings(tmp_path: Path) -> None:
    lab = LabFolder(tmp_path / "lab")
    lab.create()
    root = project(tmp_path / "project")
    init = f"echo 'encryptionsalt: v1:abc' >> {lab.pulumi}/Pulumi.dev.yaml"
    program = fake_pulumi(tmp_path, f'case "$*" in *"stack ls"*) echo "[]";; *"stack init"*) {init};; esac')
    driver = PulumiCli(program=program, root=root, stack="dev", lab=lab)
    driver.up()
    (root / "Pulumi.dev.yaml").write_text("config:\n  mlops-platform:settings: {a: 2}\n")
    fake_pulumi(tmp_path, 'case "$*" in *"stack ls"*) echo \'[{"name": "dev"}]\';; esac')
    driver.up()
    copy = yaml.safe_load((lab.pulumi / "Pulumi.dev.yaml").read_text())
    assert copy == {"config": {"mlops-platform:settings": {"a": 2}}, "encryptionsalt": "v1:abc"}


def test_a_failed_preview_says_what_pulumi_said(tmp_path: Path) -> None:
    program = fake_pulumi(tmp_path, 'echo "error: no stack named nope" >&2; exit 255')
    with pytest.raises(CommandFailed, match="no stack named nope"):
        PulumiCli(program=program, root=project(tmp_path / "project"), stack="nope").preview()


FAILED_CHART = (
    "error: kubernetes:helm.sh/v4:Chart resource 'east-kueue' has a problem: unable to locate the chart: "
    "dial tcp: connect: connection refused"
)


def test_a_preview_that_a_policy_forbids_is_a_plan_with_its_violations(tmp_path: Path) -> None:
    event = {"policyPackName": "p", "policyName": "q", "enforcementLevel": "mandatory", "message": "WL-01 no"}
    written = json.dumps({"policyEvent": event})
    found = json.dumps({"steps": [step("kubernetes:core/v1:Secret", "s")]})
    body = (
        'while [ "$1" != --event-log ]; do shift; done\n'
        f"cat <<'END' > \"$2\"\n{written}\nEND\ncat <<'END'\n{found}\nEND\nexit 1"
    )
    pulumi = PulumiCli(program=fake_pulumi(tmp_path, body), root=project(tmp_path / "project"), stack="dev")
    plan, _ = pulumi.preview()
    assert [one.name for one in plan.resources] == ["s"]
    assert [one.message for one in plan.violations] == ["WL-01 no"]
    assert plan.refused


def test_a_run_whose_chart_could_not_be_fetched_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(chart_retries, "WAIT", tenacity.wait_none())
    body = f'test -e {tmp_path}/again && exit 0; touch {tmp_path}/again; echo "{FAILED_CHART}"; exit 1'
    PulumiCli(program=fake_pulumi(tmp_path, body), root=project(tmp_path / "project"), stack="dev").up()
    assert len((tmp_path / "calls").read_text().splitlines()) == 2
    said = capfd.readouterr()
    assert FAILED_CHART in said.out
    assert "chart east-kueue" in said.err


def test_a_preview_says_which_chart_cannot_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chart_retries, "WAIT", tenacity.wait_none())
    plan = json.dumps({"diagnostics": [{"message": FAILED_CHART}]})
    body = f"cat <<'END'\n{plan}\nEND\nexit 1"
    pulumi = PulumiCli(program=fake_pulumi(tmp_path, body), root=project(tmp_path / "project"), stack="dev")
    with pytest.raises(CommandFailed, match="chart east-kueue: dial tcp"):
        pulumi.preview()
    assert len((tmp_path / "calls").read_text().splitlines()) == chart_retries.ATTEMPTS


CANCELS = """\
import os, signal, sys

def say(text):
    os.write(1, f"{text}\\n".encode())  # a signal may come while print still writes, which may not begin anew

def cancel(*_):
    signal.signal(signal.SIGINT, lambda *_: say("again"))
    say("cancelling")
    {then}

signal.signal(signal.SIGINT, cancel)
say(f"working as {os.getpid()}")
while True:
    signal.pause()
"""


CALLS = """\
import signal
from pathlib import Path
from cli.pulumi_cli import PulumiCli

signal.signal(signal.SIGINT, signal.default_int_handler)
PulumiCli(program='{program}', root=Path('{root}'), stack="dev").up()
"""
"""A shell without job control has what it starts in the background ignore SIGINT, the tests themselves included."""


@contextmanager
def working(folder: Path, then: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`up` in a process group of its own, as a shell starts it, at work by a pulumi that does that when cancelled."""
    stand_in = folder / "stand_in.py"
    stand_in.write_text(CANCELS.replace("{then}", then))
    program = fake_pulumi(folder, f"exec {sys.executable} {stand_in}")
    with subprocess.Popen(
        [sys.executable, "-c", CALLS.format(program=program, root=project(folder / "project"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        yield running, int(running.stdout.readline().split()[-1])


def test_pulumi_is_heard_out_when_it_is_interrupted(tmp_path: Path) -> None:
    free = f"open({str(tmp_path / 'freed')!r}, 'w'); say('lock freed'); sys.exit(255)"
    with working(tmp_path, free) as (running, _):
        os.killpg(running.pid, signal.SIGINT)
        said, _ = running.communicate()
    assert said == "cancelling\nlock freed\n"
    assert (tmp_path / "freed").exists()
    assert running.returncode == -signal.SIGINT, "whoever called is told of the interruption"


def test_a_second_interruption_ends_pulumi(tmp_path: Path) -> None:
    with working(tmp_path, "pass") as (running, pulumi):
        os.killpg(running.pid, signal.SIGINT)
        assert running.stdout is not None
        assert running.stdout.readline() == "cancelling\n"
        os.killpg(running.pid, signal.SIGINT)
        running.communicate()
    assert running.returncode == -signal.SIGINT
    with pytest.raises(ProcessLookupError):
        os.kill(pulumi, 0)
