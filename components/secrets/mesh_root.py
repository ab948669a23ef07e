"""The root of the mesh's trust: a key that never leaves the secret store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_vault as vault

from components.base import Component
from config.secret_paths import MESH_MOUNT

_YEARS = 10
_LIFE = _YEARS * 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class MeshRootArgs:
    """`organization` names the platform in the certificate; `generation` tells a root from the one before it."""

    organization: str
    generation: int = 1


class MeshRoot(Component, token="mlops:index:MeshRoot"):
    """Signs one intermediate for each cluster and nothing else. `certificate` is the root's PEM text."""

    mount: pulumi.Output[str]
    certificate: pulumi.Output[str]

    def __init__(self, name: str, args: MeshRootArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        mount = vault.Mount(
            self.child("mount"),
            path=mount_of(args.generation),
            type="pki",
            description="Root of the mesh",
            max_lease_ttl_seconds=_LIFE,
            opts=self.opts(),
        )
        root = vault.pkisecret.SecretBackendRootCert(
            self.child("root"),
            backend=mount.path,
            **root_settings(args.organization, args.generation),
            opts=self.opts(),
        )
        self.mount, self.certificate = mount.path, root.certificate
        self.register_outputs({"mount": self.mount, "certificate": self.certificate})


def mount_of(generation: int) -> str:
    """Each root has a mount of its own: one that is no longer trusted goes with all that it could sign."""
    return MESH_MOUNT if generation == 1 else f"{MESH_MOUNT}-{generation}"


def root_settings(organization: str, generation: int = 1) -> dict[str, Any]:
    """P-384, ten years, one level of intermediates below it."""
    number = "" if generation == 1 else f" {generation}"
    return {
        "type": "internal",
        "common_name": f"{organization} mesh root{number}",
        "organization": organization,
        "ttl": str(_LIFE),
        "key_type": "ec",
        "key_bits": 384,
        "max_path_length": 1,
        "exclude_cn_from_sans": True,
    }
