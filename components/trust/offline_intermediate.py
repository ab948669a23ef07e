"""The mesh's authority in one cluster whose root is offline: a person signed it and put it into the secret store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.isolation.tenant_namespace import service_account
from components.manifest import (
    Manifest,
    NamespaceRef,
    custom_resource,
    declare,
    kubernetes_object,
    name_of,
    part,
)
from components.secrets.secret_store import kv_provider
from components.trust.mesh_intermediate import trusted_roots
from components.trust.mesh_names import ISSUER, SECRET
from config.schema import SecretStoreSettings

KEYS = ("tls.crt", "tls.key", "ca.crt")
"""What a person puts into the store: the intermediate, its key, and its root (both roots during a change)."""

ACCOUNT = "mesh-intermediate"
"""ServiceAccount that reads it, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class OfflineIntermediateArgs:
    """`namespace` is the control plane's. `path` is that of this cluster's intermediate in the store, `roots` are the
    PEM texts of all roots that are trusted."""

    namespace: NamespaceRef
    cluster: str
    store: SecretStoreSettings
    path: str
    roots: Sequence[str]
    labels: Mapping[str, str]


class OfflineIntermediate(Component, token="mlops:index:OfflineIntermediate"):
    """The account, its way to the store, the Secret `cacerts` and the roots. The output is the Secret's name.

    A control plane that starts before the Secret is there makes a root of its own: `ready` is what it waits for.
    """

    secret: pulumi.Output[str]

    def __init__(
        self, name: str, args: OfflineIntermediateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        account = service_account(ACCOUNT, args.namespace, args.labels)
        reader = part(self, "account", account)
        store = custom_resource(self.child("store"), secret_store(args, reader), self.opts())
        wanted = external_secret(args)
        wanted["spec"]["secretStoreRef"]["name"] = name_of(store)
        made = custom_resource(self.child("certificate"), wanted, self.opts())
        trusted = trusted_roots(args.roots, args.namespace, args.labels)
        roots = declare(self.child("roots"), trusted, self.opts())
        self.ready: tuple[pulumi.Resource, ...] = (made, roots)
        self.secret = name_of(made)
        self.register_outputs({"secret": self.secret})


def secret_store(args: OfflineIntermediateArgs, account: pulumi.Input[str]) -> Manifest:
    """A store of this namespace alone: the cluster's own one is for the platform's servers."""
    provider = {"vault": kv_provider(args.store, args.cluster, ISSUER, {"name": account})}
    return kubernetes_object(
        "external-secrets.io/v1",
        "SecretStore",
        ISSUER,
        namespace=args.namespace,
        labels=args.labels,
        spec={"provider": provider},
    )


def external_secret(args: OfflineIntermediateArgs) -> Manifest:
    """The Secret in the form that Istio reads, as cert-manager would write it. It is made once it can be read."""
    spec = {
        "refreshInterval": "5m",
        "secretStoreRef": {"kind": "SecretStore", "name": ISSUER},
        "target": {
            "name": SECRET,
            "creationPolicy": "Owner",
            "deletionPolicy": "Retain",
            "template": {"type": "kubernetes.io/tls"},
        },
        "data": [{"secretKey": key, "remoteRef": {"key": args.path, "property": key}} for key in KEYS],
    }
    made = kubernetes_object(
        "external-secrets.io/v1",
        "ExternalSecret",
        SECRET,
        namespace=args.namespace,
        labels=args.labels,
        spec=spec,
    )
    made["metadata"]["annotations"] = {"pulumi.com/waitFor": "condition=Ready"}
    return made
