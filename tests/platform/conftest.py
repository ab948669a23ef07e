"""The platform as a user has it: a lab of the tests' own, the dev stack deployed to it by the embedded engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.folder import LabFolder
from tests.platform.command import Platform
from tests.platform.doors import Estate, estate_of


@pytest.fixture(scope="session")
def lab_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The lab of the dev stack with nothing deployed."""
    platform = Platform(folder=LabFolder(tmp_path_factory.mktemp("platform") / "lab"))
    try:
        platform.mlops("lab", "up", timeout=3000)
        yield platform
    finally:
        platform.mlops("lab", "down", "--purge")


@pytest.fixture(scope="session")
def platform(lab_only: Platform) -> Platform:
    """The lab with the dev stack."""
    lab_only.mlops("up", "--engine", "embedded")
    return lab_only


@pytest.fixture(scope="module")
def estate(platform: Platform) -> Iterator[Estate]:
    """People of a proof, with one role each, and the doors that they try."""
    with estate_of(platform) as found:
        yield found
