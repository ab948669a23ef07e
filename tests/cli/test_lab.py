from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.lab import app
from lab import access
from lab.errors import Refusal

GIVEN = {"VAULT_TOKEN": "it's a $(secret)", "KEYCLOAK_CLIENT_ID": "mlops-platform"}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab's folder, whose credentials are GIVEN."""
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path))
    monkeypatch.setattr(access, "environment", lambda _folder: dict(GIVEN))


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.usefixtures("lab")
def test_a_shell_takes_up_what_env_prints_whatever_a_secret_holds() -> None:
    script = f'{printed("env")}\nprintf "%s\\n" "$VAULT_TOKEN" "$KEYCLOAK_CLIENT_ID"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert done.stdout.splitlines() == ["it's a $(secret)", "mlops-platform"]


@pytest.mark.usefixtures("lab")
def test_env_as_json_has_the_same_variables() -> None:
    assert json.loads(printed("env", "--json")) == GIVEN


def test_a_lab_without_credentials_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["env"])
    assert isinstance(done.exception, Refusal)
    assert "mlops lab up" in str(done.exception)
    assert done.stdout == ""
