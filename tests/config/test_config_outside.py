from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from config.endpoint import Endpoint
from config.errors import SettingsError
from config.load import read
from config.outside import FILE, Outside, read_outside
from config.schema import PlatformSettings

LAB = Outside(hosts={"keycloak.lab.internal:8443": "127.0.0.1:40001"}, authority="-----BEGIN")


def test_a_name_of_the_lab_is_answered_where_the_lab_says() -> None:
    assert LAB.url("https://keycloak.lab.internal:8443/realms/x") == "https://127.0.0.1:40001/realms/x"
    assert LAB.endpoint(Endpoint(host="keycloak.lab.internal", port=8443)) == "127.0.0.1:40001"


def test_every_other_name_stays_as_it_is() -> None:
    assert LAB.url("https://id.example.com/realms/x") == "https://id.example.com/realms/x"
    assert LAB.url("https://keycloak.lab.internal/") == "https://keycloak.lab.internal/"
    assert LAB.endpoint(Endpoint(host="db.example.com", port=5432)) == "db.example.com:5432"


def test_the_labs_own_file_is_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"authority": LAB.authority, "hosts": LAB.hosts}))
    assert read_outside(tmp_path) == LAB


def test_a_lab_that_was_never_up_says_nothing(tmp_path: Path) -> None:
    assert read_outside(tmp_path) == Outside()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"hosts": {}}', '{"authority": "x", "hosts": 3}'])
def test_a_spoilt_file_is_refused_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(SettingsError, match="run `mlops lab up`"):
        read_outside(tmp_path)


def test_settings_know_the_lab_that_their_clusters_are_in(
    data: dict[str, Any], project: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path))
    (tmp_path / FILE).write_text(json.dumps({"authority": LAB.authority, "hosts": LAB.hosts}))
    assert read(project(data), "dev").outside == LAB


def test_settings_without_a_cluster_of_the_lab_know_of_none(
    data: dict[str, Any], project: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLOPS_LAB_DIR", str(tmp_path))
    (tmp_path / FILE).write_text("spoilt")
    for cluster in data["clusters"]:
        cluster |= {"kind": "existing", "context": "x", "apiServer": {"url": "https://x.example.com"}}
    assert read(project(data), "dev").outside == Outside()


def test_other_addresses_leave_the_settings_as_they_were(data: dict[str, Any]) -> None:
    settings = PlatformSettings.model_validate(data)
    assert settings.with_outside(LAB).outside == LAB
    assert settings.outside == Outside()
