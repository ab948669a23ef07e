"""The stacks as they are in the project, recorded once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from config.load import read
from config.outside import Outside
from config.schema import PlatformSettings
from stacks.platform import build
from tests.recorder import Recorder, run
from tests.stacks.stack_world import DATABASE_PASSWORD, LAB, USERS

ROOT = Path(__file__).resolve().parents[2]


@cache
def settings_of(stack: str) -> PlatformSettings:
    """The stack's own settings, whatever lab runs on this machine."""
    return read(ROOT, stack).with_outside(Outside())


@cache
def recorded_stack(stack: str) -> Recorder:
    return run(lambda: build(settings_of(stack)), stack)


@cache
def recorded_lab() -> Recorder:
    """Stack dev on a lab that runs, with people in it and the database's password at hand."""
    settings = settings_of("dev")
    access = settings.access.model_copy(update={"users": USERS})
    inhabited = settings.model_copy(update={"access": access}).with_outside(LAB)
    return run(lambda: build(inhabited, DATABASE_PASSWORD), "dev")


@cache
def recorded_unhosted(stack: str) -> Recorder:
    """The stack with Keycloak and the secret store run by somebody else."""
    return run(lambda: build(unhosted(settings_of(stack))), stack)


def unhosted(settings: PlatformSettings) -> PlatformSettings:
    access = settings.access.model_copy(update={"server": None})
    secrets = settings.secrets.model_copy(update={"server": None})
    return settings.model_copy(update={"access": access, "secrets": secrets})


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


@pytest.fixture
def in_lab() -> Recorder:
    """Stack dev on a running lab; shared, so never to be changed."""
    return recorded_lab()
