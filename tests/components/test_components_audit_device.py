"""Vault's audit device: one, a file on its own volume, and nothing readable in it."""

from __future__ import annotations

from typing import Any

import pulumi

from components.secrets.audit_device import AuditDevice, AuditDeviceArgs
from components.secrets.vault_values import audit_file
from tests.recorder import run


def device() -> dict[str, Any]:
    found = run(_audit)
    (one,) = [each for each in found.declarations if each.type == "vault:index/audit:Audit"]
    assert found.misnamed() == []
    return one.inputs


def _audit() -> None:
    AuditDevice("audit", AuditDeviceArgs(file=audit_file("vault")), pulumi.ResourceOptions())


def test_every_request_is_written_to_the_file_of_the_servers_values() -> None:
    assert device()["type"] == "file"
    assert device()["options"]["file_path"] == audit_file("vault")


def test_only_the_server_itself_can_read_the_log() -> None:
    assert device()["options"]["mode"] == "0600"


def test_secrets_are_never_logged_as_they_are() -> None:
    """`log_raw` would write them down in clear, `elide_list_responses` and exemptions would leave things out."""
    assert device()["options"].keys() == {"file_path", "mode"}
