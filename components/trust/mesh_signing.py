"""What each cluster may have signed by the mesh's root: its own intermediate, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_vault as vault

from components.base import Component
from components.trust.mesh_names import DURATION, common_name


@dataclass(frozen=True, kw_only=True)
class MeshSigningArgs:
    """`mount` is the path of the root that signs."""

    clusters: Sequence[str]
    mount: str


class MeshSigning(Component, token="mlops:index:MeshSigning"):
    """A policy for each cluster; `policies` by cluster, each known once it exists."""

    policies: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: MeshSigningArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.policies = {
            cluster: vault.Policy(
                self.child(cluster),
                name=policy_name(cluster),
                policy=signing_policy(cluster, args.mount),
                opts=self.opts(),
            ).name
            for cluster in args.clusters
        }
        self.register_outputs({"policies": self.policies})


def policy_name(cluster: str) -> str:
    return f"mlops-intermediate-{cluster}"


def signing_path(mount: str) -> str:
    """Where the root signs an intermediate."""
    return f"{mount}/root/sign-intermediate"


def signing_policy(cluster: str, mount: str) -> str:
    """Exactly what cert-manager sends for this cluster's Certificate: any other word, or one word more (a longer life,
    the request's own extensions, another path length), is refused."""
    allowed: dict[str, list[str]] = {
        "common_name": [common_name(cluster)],
        "ttl": [DURATION],
        "csr": [],
        "exclude_cn_from_sans": ["true"],
        **{empty: [""] for empty in ("alt_names", "ip_sans", "uri_sans")},
    }
    lines = "\n".join(f"    {key} = {json.dumps(values)}" for key, values in sorted(allowed.items()))
    required = json.dumps(["common_name", "csr", "ttl"])
    return (
        f'path "{signing_path(mount)}" {{\n'
        '  capabilities = ["update"]\n'
        f"  required_parameters = {required}\n"
        f"  allowed_parameters = {{\n{lines}\n  }}\n"
        "}\n"
    )
