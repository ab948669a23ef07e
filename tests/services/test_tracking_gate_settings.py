from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tracking_gate.settings import SettingsError, read

from tests.services.conftest import SERVICES, matrix


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "permissions.json").write_text(json.dumps(matrix()))
    return {
        "ISSUER": "https://keycloak.example/realms/mlops-platform",
        "AUDIENCE": "mlflow",
        "UPSTREAM": "http://mlflow.platform.svc:5000",
        "PERMISSIONS": str(tmp_path / "permissions.json"),
    }


def test_four_variables_are_enough(good: dict[str, str]) -> None:
    settings = read(good)
    assert (settings.host, settings.port, settings.jwks_uri) == ("127.0.0.1", 8080, None)
    assert settings.issuer == good["ISSUER"]


def test_the_others_are_taken_when_they_are_given(good: dict[str, str]) -> None:
    settings = read(good | {"HOST": "127.8.1.1", "PORT": "81", "JWKS_URI": "https://keycloak.example/keys"})
    assert (settings.host, settings.port) == ("127.8.1.1", 81)
    assert settings.jwks_uri == "https://keycloak.example/keys"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", ""),
        ("ISSUER", "http://keycloak.example/realms/x"),
        ("ISSUER", "https://keycloak.example/realms/x/"),
        ("ISSUER", "https://user:word@keycloak.example/realms/x"),
        ("ISSUER", "https://[broken/realms/x"),
        ("AUDIENCE", " "),
        ("UPSTREAM", "mlflow:5000"),
        ("UPSTREAM", "http://mlflow:5000/prefix"),
        ("UPSTREAM", "http://mlflow:5000?x=1"),
        ("UPSTREAM", "http://mlflow:99999"),
        ("JWKS_URI", "http://keycloak.example/keys"),
        ("PERMISSIONS", "no/such/file.json"),
        ("AUTHORITY", "no/such/ca.crt"),
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
    ],
)
def test_a_wrong_value_is_refused_by_the_variables_name(good: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(good | {name: value})
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [name]


def test_all_mistakes_are_told_at_once_before_anything_listens(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tracking_gate"],
        env={"PYTHONPATH": str(SERVICES), "PYTHONDONTWRITEBYTECODE": "1", "UPSTREAM": "mlflow"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    named = {line.partition(":")[0] for line in done.stderr.splitlines()[1:]}
    assert named == {"ISSUER", "AUDIENCE", "UPSTREAM", "PERMISSIONS"}
    assert "Traceback" not in done.stderr
