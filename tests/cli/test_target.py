from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cli.target import Target, lab_folder, target
from engine.errors import PassphraseError
from lab import access
from lab.errors import Refusal


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The stack on the lab, with a lab folder that is not there."""
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path / "lab"))
    return target("dev")


@pytest.fixture
def prod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path / "lab"))
    return target("prod")


def test_credentials_are_in_the_environment_within_the_block_alone(
    dev: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "the user's")
    monkeypatch.delenv("KEYCLOAK_CLIENT_ID", raising=False)
    given = {"VAULT_TOKEN": "the lab's", "KEYCLOAK_CLIENT_ID": "mlops"}
    monkeypatch.setattr(access, "environment", lambda _folder: given)

    def broken() -> None:
        with dev.credentials():
            assert {name: os.environ[name] for name in given} == given
            raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        broken()
    assert os.environ["VAULT_TOKEN"] == "the user's"
    assert "KEYCLOAK_CLIENT_ID" not in os.environ


def test_a_stack_elsewhere_keeps_the_users_own_credentials(
    prod: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "the user's")
    with prod.credentials():
        assert os.environ["VAULT_TOKEN"] == "the user's"


def test_a_lab_without_credentials_is_refused_with_the_remedy(dev: Target) -> None:
    with pytest.raises(Refusal, match="mlops lab up"), dev.credentials():
        pass


def test_a_lab_makes_one_passphrase_that_only_its_owner_can_read(dev: Target) -> None:
    dev.lab.create()
    first = dev.passphrase()
    assert len(first) == 64
    assert dev.passphrase() == first
    assert stat.S_IMODE(dev.lab.secret("passphrase").stat().st_mode) == 0o600


def test_elsewhere_an_empty_passphrase_counts_as_none(prod: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    with pytest.raises(PassphraseError):
        prod.passphrase()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    assert prod.passphrase() == "mine"


def test_an_empty_lab_folder_variable_means_the_checkouts_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_LAB_DIR", "")
    assert lab_folder(tmp_path).root == tmp_path / ".lab"
