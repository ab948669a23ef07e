"""The program itself, as the engine runs it: settings from the stack's configuration, exports at the end."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
import yaml

from config.errors import SettingsError
from tests.recorder import Recorder, run

ROOT = Path(__file__).resolve().parents[2]
KEY = "mlops-platform:settings"


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine starts the program in the project's folder, with the stack's configuration."""
    monkeypatch.chdir(ROOT)
    yield
    pulumi.runtime.set_all_config({})


def start(stack: str) -> Recorder:
    return run(lambda: runpy.run_path(str(ROOT / "__main__.py")) and None, stack)


def configure(stack: str) -> None:
    document = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    pulumi.runtime.set_all_config({KEY: json.dumps(document["config"][KEY])})


def test_the_program_declares_and_exports_the_stack_of_its_configuration(
    stack: str, recorded: Recorder
) -> None:
    configure(stack)
    started = start(stack)
    assert sorted(one.urn for one in started.declarations) == sorted(one.urn for one in recorded.declarations)
    assert started.outputs == recorded.outputs


def test_without_settings_nothing_is_declared(stack: str) -> None:
    with pytest.raises(SettingsError, match=KEY):
        start(stack)


PLAN = """
import json, sys
from tests.components.secret_values import in_the_open
from tests.stacks.conftest import recorded_lab, recorded_stack
recorded = recorded_lab() if sys.argv[1] == "lab" else recorded_stack(sys.argv[1])
for one in recorded.declarations:
    print(one.urn, in_the_open(one.inputs), sorted(one.dependencies))
print(json.dumps(recorded.outputs))
"""


def planned(stack: str, seed: str) -> subprocess.Popen[str]:
    """The plan as text, by a process whose sets and hashes are ordered by `seed`."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", PLAN, stack]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("stack", ["lab", "prod"])
def test_the_plan_is_the_same_whatever_the_order_of_hashes(stack: str) -> None:
    started = [planned(stack, seed) for seed in ("1", "2")]
    first, second = (process.communicate(timeout=300)[0] for process in started)
    assert [process.returncode for process in started] == [0, 0]
    assert sorted(first.splitlines()) == sorted(second.splitlines())
    assert len(first.splitlines()) > 100
