"""The way from a cluster to the platform's secret store (Vault or OpenBao: they speak the same API)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.helm import chart
from components.isolation.closed_namespace import closed_namespace
from components.isolation.dns import CLUSTER_DOMAIN
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, known_after, kubernetes_object, part
from components.network.api_server import api_server_egress
from components.network.fqdn_egress import fqdn_egress, https_destination
from components.secrets.external_secret import STORE
from components.secrets.operator_values import operator_values
from components.secrets.vault_values import PORT
from config.catalog import EXTERNAL_SECRETS_CHART
from config.schema import ChartSettings, SecretStoreSettings

OPERATOR = "external-secrets"
"""Namespace and ServiceAccount of the operator, and the role that the store gives it."""

TOKEN_REVIEW = "mlops:token-review"  # noqa: S105 - the name of a ClusterRole


@dataclass(frozen=True, kw_only=True)
class SecretStoreArgs:
    """`users` are the namespaces that may refer to the store; nobody else can, whatever RBAC says. `reviewers` are
    ServiceAccounts (namespace, name) in whose name tokens are reviewed: those that log in to the store, each its own,
    and the store itself where it runs."""

    settings: SecretStoreSettings
    cluster: str
    users: Sequence[str]
    reviewers: Sequence[tuple[str, str]]
    charts: ChartSettings
    owner: Owner


class SecretStore(Component, token="mlops:index:SecretStore"):
    """The cluster's ClusterSecretStore; the operator logs in with its own short-lived token, not a secret."""

    namespace: pulumi.Output[str]
    store: pulumi.Output[str]

    def __init__(self, name: str, args: SecretStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels(OPERATOR, "secrets", args.owner)
        self.ref = namespace = closed_namespace(self, OPERATOR, common)
        account = part(self, "account", service_account(OPERATOR, namespace, common))
        part(self, "api-server", api_server_egress(OPERATOR, namespace))
        if args.settings.server is None:
            outside = (https_destination(args.settings.address),)
            part(self, "outside", fqdn_egress(OPERATOR, namespace, outside))
        chart(
            self.child("operator"),
            EXTERNAL_SECRETS_CHART,
            args.charts,
            namespace=known_after(namespace.ready, [account]),
            values=operator_values(OPERATOR, common),
            opts=self.opts(),
        )
        binding = token_review_binding(args.reviewers, common)
        binding["roleRef"]["name"] = part(self, "token-review", token_review_role(common))
        part(self, "token-review-binding", binding)
        self.store = part(self, "store", cluster_secret_store(args))
        self.namespace = pulumi.Output.from_input(namespace.ready)
        self.register_outputs({"namespace": self.namespace, "store": self.store})


def auth_mount(cluster: str) -> str:
    """The store's Kubernetes auth method of one cluster: its tokens are worth nothing at another's."""
    return f"kubernetes-{cluster}"


def server_url(store: SecretStoreSettings) -> str:
    """Where pods reach the store: by its Service where this program runs it in the cluster."""
    if store.server is None:
        return store.address
    return f"https://{store.backend}.{store.backend}.svc.{CLUSTER_DOMAIN}:{PORT}"


def server_login(
    store: SecretStoreSettings,
    cluster: str,
    role: pulumi.Input[str],
    account: Mapping[str, pulumi.Input[str]],
) -> dict[str, Any]:
    """The part of external-secrets' vault provider that says which server it is and who logs in there."""
    authority = {"caBundle": b64encode(store.authority.encode()).decode()} if store.authority else {}
    login = {"mountPath": auth_mount(cluster), "role": role, "serviceAccountRef": dict(account)}
    return {"server": server_url(store), **authority, "auth": {"kubernetes": login}}


def kv_provider(
    store: SecretStoreSettings,
    cluster: str,
    role: pulumi.Input[str],
    account: Mapping[str, pulumi.Input[str]],
) -> dict[str, Any]:
    """The same for the store's key-value engine, from which ExternalSecrets read."""
    return {**server_login(store, cluster, role, account), "path": store.mount, "version": "v2"}


def cluster_secret_store(args: SecretStoreArgs) -> Manifest:
    """The store as external-secrets reads it."""
    account = {"name": OPERATOR, "namespace": OPERATOR}
    provider = kv_provider(args.settings, args.cluster, OPERATOR, account)
    spec = {"provider": {"vault": provider}, "conditions": [{"namespaces": list(args.users)}]}
    return kubernetes_object("external-secrets.io/v1", "ClusterSecretStore", STORE, spec=spec)


def token_review_role(common: dict[str, str]) -> Manifest:
    """Ask whether a token is good. The built-in `system:auth-delegator` would add access reviews."""
    rule = {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    return kubernetes_object(
        "rbac.authorization.k8s.io/v1", "ClusterRole", TOKEN_REVIEW, labels=common, rules=[rule]
    )


def token_review_binding(reviewers: Sequence[tuple[str, str]], common: dict[str, str]) -> Manifest:
    """Every account that logs in to the store: it reviews its own token through it."""
    subjects = [
        {"kind": "ServiceAccount", "name": name, "namespace": namespace} for namespace, name in reviewers
    ]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": TOKEN_REVIEW}
    return kubernetes_object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        TOKEN_REVIEW,
        labels=common,
        roleRef=reference,
        subjects=subjects,
    )
