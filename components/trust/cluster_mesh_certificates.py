"""The certificates of Cilium's ClusterMesh in one cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.manifest import part
from components.network.cilium import NAMESPACE
from components.network.cluster_mesh import ISSUER, certificates
from components.trust.cluster_mesh_root import signing_path
from components.trust.vault_issuer import StoreAccess, vault_issuer
from config.network_settings import ClusterMesh


@dataclass(frozen=True, kw_only=True)
class ClusterMeshCertificatesArgs:
    """How cert-manager reaches the authority."""

    mesh: ClusterMesh
    access: StoreAccess
    labels: Mapping[str, str]


class ClusterMeshCertificates(Component, token="mlops:index:ClusterMeshCertificates"):
    """The issuer and what it signs. Cilium's pods of the ClusterMesh start once the Secrets are there."""

    def __init__(
        self, name: str, args: ClusterMeshCertificatesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        cluster = args.access.cluster
        issuer = vault_issuer(ISSUER, signing_path(cluster), ISSUER, args.access, args.labels)
        made = part(self, "issuer", issuer)
        for which, manifest in certificates(cluster, args.mesh, NAMESPACE).items():
            manifest["spec"]["issuerRef"]["name"] = made
            part(self, which, manifest)
        self.register_outputs({})
