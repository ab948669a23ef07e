"""The way from a cluster to the platform's secret store (Vault or OpenBao: they speak the same API)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.isolation.dns import CLUSTER_DOMAIN
from components.manifest import Manifest, declare, kubernetes_object, name_of
from components.secrets.external_secret import STORE
from config.schema import SecretStoreSettings

OPERATOR = "external-secrets"
"""Namespace and ServiceAccount of the operator, and the role that the store gives it."""

_PORT = 8200


@dataclass(frozen=True, kw_only=True)
class SecretStoreArgs:
    """`users` are the namespaces that may refer to the store; nobody else can, whatever RBAC says."""

    settings: SecretStoreSettings
    cluster: str
    users: Sequence[str]


class SecretStore(Component, token="mlops:index:SecretStore"):
    """The cluster's ClusterSecretStore; the operator logs in with its own short-lived token, not a secret."""

    store: pulumi.Output[str]

    def __init__(self, name: str, args: SecretStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.store = name_of(declare(self.child("store"), cluster_secret_store(args), self.opts()))
        self.register_outputs({"store": self.store})


def auth_mount(cluster: str) -> str:
    """The store's Kubernetes auth method of one cluster: its tokens are worth nothing at another's."""
    return f"kubernetes-{cluster}"


def cluster_secret_store(args: SecretStoreArgs) -> Manifest:
    """The store as external-secrets reads it; its service name is the same in every cluster of the mesh."""
    server = args.settings.backend
    provider = {
        "server": f"https://{server}.{server}.svc.{CLUSTER_DOMAIN}:{_PORT}",
        "path": args.settings.mount,
        "version": "v2",
        "auth": {
            "kubernetes": {
                "mountPath": auth_mount(args.cluster),
                "role": OPERATOR,
                "serviceAccountRef": {"name": OPERATOR, "namespace": OPERATOR},
            }
        },
    }
    spec = {"provider": {"vault": provider}, "conditions": [{"namespaces": list(args.users)}]}
    return kubernetes_object("external-secrets.io/v1", "ClusterSecretStore", STORE, spec=spec)
