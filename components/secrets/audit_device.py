"""Where Vault writes down every request and answer; without it, it refuses them all."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_vault as vault

from components.base import Component
from components.secrets.vault_values import audit_device


@dataclass(frozen=True, kw_only=True)
class AuditDeviceArgs:
    """`file` as the server sees it."""

    file: str


class AuditDevice(Component, token="mlops:index:AuditDevice"):
    """One file on a volume of its own, secrets as keyed hashes. OpenBao takes its device from its configuration."""

    path: pulumi.Output[str]

    def __init__(self, name: str, args: AuditDeviceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        device = vault.Audit(self.child("log"), **audit_device(args.file), opts=self.opts())
        self.path = device.path
        self.register_outputs({"path": self.path})
