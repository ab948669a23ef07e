"""The program itself, as the engine runs it: settings from the stack's configuration, exports at the end."""

from __future__ import annotations

import json
import runpy
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
