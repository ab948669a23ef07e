from __future__ import annotations

from pathlib import Path

import pytest

from tests.platform.checkout import checkout, without_west
from tests.platform.command import Platform

pytestmark = pytest.mark.lab


def test_a_second_up_changes_nothing_and_says_so(platform: Platform) -> None:
    assert "nothing to change" in platform.mlops("up", "--engine", "embedded")


def test_a_second_lab_up_changes_nothing_and_says_so(platform: Platform) -> None:
    assert "nothing to change" in platform.mlops("lab", "up")


def test_a_dry_run_against_the_state_plans_no_change(platform: Platform) -> None:
    printed = platform.mlops("up", "--engine", "embedded", "--dry-run")
    assert "same" in printed
    assert "create" not in printed


def test_what_the_packs_forbid_is_not_begun(platform: Platform, tmp_path: Path) -> None:
    """With one cluster alone an exemption is of no use any more, which only the whole stack shows."""
    printed = platform.of(checkout(tmp_path, without_west)).mlops("up", "--engine", "embedded", expect=1)
    assert "EX-02" in printed
    assert "deleted" not in printed
    assert "nothing to change" in platform.mlops("up", "--engine", "embedded")


def test_status_shows_what_runs_where_and_how_to_log_in_without_any_credential(platform: Platform) -> None:
    status = platform.status()
    assert [cluster["name"] for cluster in status["clusters"]] == ["east", "west"]
    assert all(cluster["resources"]["kubernetes:apps/v1:Deployment"] == 3 for cluster in status["clusters"])
    pods = [(pod["cluster"], pod["kind"], pod["ready"]) for pod in status["lab"]["workloads"]]
    assert {("east", "real", True), ("west", "real", True)} <= set(pods)
    printed = platform.mlops("status")
    for name in ("postgres", "minio", "openbao", "keycloak", "valkey"):
        assert name in printed
    for file in platform.folder.secrets.iterdir():
        content = file.read_text(errors="replace").strip()
        assert len(content) < 8 or content not in printed, f"the content of {file.name} is printed"


def test_no_credential_of_the_lab_is_in_the_engines_state(platform: Platform) -> None:
    states = b"".join(path.read_bytes() for path in platform.folder.state.iterdir() if path.is_file())
    assert b"mlflow-server" in states
    for name in ("postgres-postgres", "keycloak-admin", "passphrase"):
        assert platform.folder.secret(name).read_bytes().strip() not in states
