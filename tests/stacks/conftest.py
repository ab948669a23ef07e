"""The stacks as they are in the project, recorded once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from config.load import read
from config.schema import PlatformSettings
from stacks.platform import build
from tests.recorder import Recorder, run

ROOT = Path(__file__).resolve().parents[2]


@cache
def settings_of(stack: str) -> PlatformSettings:
    return read(ROOT, stack)


@cache
def recorded_stack(stack: str) -> Recorder:
    return run(lambda: build(settings_of(stack)), stack)


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> str:
    """Every stack of the project, in turn."""
    return str(request.param)


@pytest.fixture
def settings(stack: str) -> PlatformSettings:
    return settings_of(stack)


@pytest.fixture
def recorded(stack: str) -> Recorder:
    """What the stack declares; shared, so never to be changed."""
    return recorded_stack(stack)
