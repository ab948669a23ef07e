"""How one cluster's control plane enters the others: a kubeconfig for each, with a token that ends by itself.

external-secrets gets the cluster's own client from the secret store, a token for it from the realm, and writes the
kubeconfig. No token of a ServiceAccount exists outside of its cluster, and none passes through this program.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.mesh.remote_client import client_name
from components.network.fqdn_egress import fqdn_egress, https_destination
from components.secrets.secret_store import OPERATOR, kv_provider
from config.schema import SecretStoreSettings
from config.secret_paths import CLIENT_FOLDER

ACCOUNT = "mesh-remote"
"""ServiceAccount, SecretStore, generator and Secret of the client: nothing else uses them."""

REFRESH = "1h"
_GENERATORS = "generators.external-secrets.io/v1alpha1"
_STORES = "external-secrets.io/v1"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Another cluster: its API server, and the PEM text of who signs for it (None: a public authority)."""

    name: str
    url: str
    authority: str | None


@dataclass(frozen=True, kw_only=True)
class RemoteSecretsArgs:
    """`operator` is the namespace of external-secrets, which asks the realm; `role` is the secret store's role of this
    cluster's account. `issuer` is the realm as pods reach it, and `authority` signs its certificate."""

    namespace: NamespaceRef
    operator: NamespaceRef
    cluster: str
    peers: Sequence[Peer]
    store: SecretStoreSettings
    role: pulumi.Input[str]
    issuer: str
    authority: str | None
    owner: Owner


class RemoteSecrets(Component, token="mlops:index:RemoteSecrets"):
    """`secrets` are the names by the cluster that each one leads to."""

    secrets: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: RemoteSecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        namespace, common = args.namespace, labels(ACCOUNT, "mesh", args.owner)
        account = part(self, "account", service_account(ACCOUNT, namespace, common))
        store = part(self, "store", secret_store(args.store, args.cluster, args.role, account, namespace))
        client = part(self, "client", client_secret(args.cluster, store, namespace, common))
        generator = part(self, "token", token_generator(args.issuer, args.authority, client, namespace))
        part(self, "to-realm", to_realm(args.issuer, args.operator))
        self.secrets = {
            peer.name: part(
                self, f"to-{peer.name}", remote_secret(peer, args.cluster, generator, namespace, common)
            )
            for peer in args.peers
        }
        self.register_outputs({"secrets": self.secrets})


def client_path(cluster: str) -> str:
    """Where the secret store keeps the cluster's client, below its key-value mount."""
    return f"{CLIENT_FOLDER}/{client_name(cluster)}"


def secret_store(
    store: SecretStoreSettings,
    cluster: str,
    role: pulumi.Input[str],
    account: pulumi.Input[str],
    namespace: NamespaceRef,
) -> Manifest:
    """A store of this namespace's own: its account reads this cluster's client and no other one's."""
    provider = kv_provider(store, cluster, role, {"name": account})
    return kubernetes_object(
        _STORES, "SecretStore", ACCOUNT, namespace=namespace, spec={"provider": {"vault": provider}}
    )


def client_secret(
    cluster: str, store: pulumi.Input[str], namespace: NamespaceRef, common: Mapping[str, str]
) -> Manifest:
    """The client's name and secret; the label lets external-secrets put them into a request."""
    keys = ("client_id", "client_secret")
    spec = {
        "refreshInterval": "5m",
        "secretStoreRef": {"kind": "SecretStore", "name": store},
        "target": {
            "name": f"{ACCOUNT}-client",
            "creationPolicy": "Owner",
            "deletionPolicy": "Retain",
            "template": {
                "mergePolicy": "Replace",
                "metadata": {"labels": {**common, "external-secrets.io/type": "webhook"}},
                "data": {key: f"{{{{ .{key} }}}}" for key in keys},
            },
        },
        "data": [
            {"secretKey": key, "remoteRef": {"key": client_path(cluster), "property": key}} for key in keys
        ],
    }
    return kubernetes_object(
        _STORES, "ExternalSecret", f"{ACCOUNT}-client", namespace=namespace, labels=common, spec=spec
    )


def token_generator(
    issuer: str, authority: str | None, client: pulumi.Input[str], namespace: NamespaceRef
) -> Manifest:
    """The client credentials grant (RFC 6749 4.4); the answer's keys are what templates name."""
    spec: dict[str, Any] = {
        "url": f"{issuer}/protocol/openid-connect/token",
        "method": "POST",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "body": (
            "grant_type=client_credentials&client_id={{ .client.client_id }}"
            "&client_secret={{ .client.client_secret }}"
        ),
        "result": {"jsonPath": "$"},
        "timeout": "10s",
        "secrets": [{"name": "client", "secretRef": {"name": client}}],
    }
    if authority is not None:
        spec["caBundle"] = b64encode(authority.encode()).decode()
    return kubernetes_object(_GENERATORS, "Webhook", ACCOUNT, namespace=namespace, spec=spec)


def to_realm(issuer: str, operator: NamespaceRef) -> Manifest:
    """The operator's way to the realm, beside the one to the store."""
    made = fqdn_egress(OPERATOR, operator, (https_destination(issuer),))
    made["metadata"]["name"] = f"{OPERATOR}-to-realm"
    return made


def remote_secret(
    peer: Peer, cluster: str, generator: pulumi.Input[str], namespace: NamespaceRef, common: Mapping[str, str]
) -> Manifest:
    """The Secret by which Istio knows the peer. When it goes, the peer's endpoints go from this cluster's proxies."""
    name = f"istio-remote-secret-{peer.name}"
    spec = {
        "refreshInterval": REFRESH,
        "target": {
            "name": name,
            "creationPolicy": "Owner",
            "deletionPolicy": "Retain",
            "template": {
                "mergePolicy": "Replace",
                "metadata": {
                    "labels": {**common, "istio/multiCluster": "true"},
                    "annotations": {"networking.istio.io/cluster": peer.name},
                },
                "data": {peer.name: kubeconfig(peer, cluster)},
            },
        },
        "dataFrom": [
            {"sourceRef": {"generatorRef": {"apiVersion": _GENERATORS, "kind": "Webhook", "name": generator}}}
        ],
    }
    return kubernetes_object(_STORES, "ExternalSecret", name, namespace=namespace, labels=common, spec=spec)


def kubeconfig(peer: Peer, cluster: str) -> str:
    """A template: the token is filled in where the Secret is written. Istio takes no other kind of credential from
    a remote secret unless it is told that it is insecure."""
    authority = ""
    if peer.authority is not None:
        authority = f"      certificate-authority-data: {b64encode(peer.authority.encode()).decode()}\n"
    return (
        "apiVersion: v1\nkind: Config\n"
        f"current-context: {peer.name}\n"
        f"clusters:\n  - name: {peer.name}\n    cluster:\n      server: {peer.url}\n{authority}"
        f"contexts:\n  - name: {peer.name}\n    context:\n      cluster: {peer.name}\n"
        f"      user: {client_name(cluster)}\n"
        f"users:\n  - name: {client_name(cluster)}\n    user:\n"
        "      token: {{ .access_token }}\n"
    )
