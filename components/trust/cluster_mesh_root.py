"""The authority of Cilium's ClusterMesh: it signs for the servers of identities and services, and for who asks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_vault as vault

from components.base import Component
from components.network.cluster_mesh import common_names, server_names
from components.secrets.mesh_root import root_settings
from components.secrets.vault_policies import policy
from config.network_settings import ClusterMesh

MOUNT = "pki-cluster-mesh"
_LIFE = 10 * 365 * 24 * 3600
_LONGEST = 90 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class ClusterMeshRootArgs:
    """`namespace` is where Cilium runs."""

    organization: str
    clusters: Sequence[str]
    mesh: ClusterMesh
    namespace: str


class ClusterMeshRoot(Component, token="mlops:index:ClusterMeshRoot"):
    """A role for each cluster, for its own names alone; `policies` by cluster."""

    policies: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: ClusterMeshRootArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        mount = vault.Mount(
            self.child("mount"),
            path=MOUNT,
            type="pki",
            description="Authority of Cilium's ClusterMesh",
            max_lease_ttl_seconds=_LIFE,
            opts=self.opts(),
        )
        settings = {**root_settings(args.organization), "common_name": f"{args.organization} cluster mesh"}
        root = vault.pkisecret.SecretBackendRootCert(
            self.child("root"),
            backend=mount.path,
            **{**settings, "max_path_length": 0},
            opts=self.opts(),
        )
        for cluster in args.clusters:
            vault.pkisecret.SecretBackendRole(
                self.child(f"role-{cluster}"),
                backend=root.backend,
                **role_settings(cluster, args.mesh, args.namespace),
                opts=self.opts(),
            )
        self.policies = {
            cluster: vault.Policy(
                self.child(f"policy-{cluster}"),
                name=f"mlops-cluster-mesh-{cluster}",
                policy=policy({signing_path(cluster): ("update",)}),
                opts=self.opts(),
            ).name
            for cluster in args.clusters
        }
        self.register_outputs({"policies": self.policies})


def signing_path(cluster: str) -> str:
    """Where a cluster's certificates are signed."""
    return f"{MOUNT}/sign/{cluster}"


def role_settings(cluster: str, mesh: ClusterMesh, namespace: str) -> dict[str, Any]:
    """Exactly the names of this cluster's servers and clients, for 90 days."""
    names = {*common_names(cluster, namespace).values(), *server_names(cluster, mesh, namespace)}
    return {
        "name": cluster,
        "allowed_domains": sorted(names),
        "allow_bare_domains": True,
        "allow_subdomains": False,
        "allow_glob_domains": False,
        "allow_any_name": False,
        "allow_localhost": False,
        "allow_ip_sans": False,
        "enforce_hostnames": True,
        "cn_validations": ["hostname"],
        "server_flag": True,
        "client_flag": True,
        "key_type": "ec",
        "key_bits": 256,
        "key_usages": ["DigitalSignature"],
        "max_ttl": str(_LONGEST),
        "no_store": True,
    }
