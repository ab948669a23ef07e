"""A Secret that external-secrets fills with a login made for it alone, and replaces before the login ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.manifest import Manifest, NamespaceRef, kubernetes_object
from components.secrets.external_secret import STORE
from components.secrets.secret_store import server_login
from config.schema import SecretStoreSettings

REFRESH = "30m"
"""Half of a login's life: two refreshes may fail before anybody is locked out."""


@dataclass(frozen=True, kw_only=True)
class DynamicSecret:
    """`path` gives the login; `account` is the ServiceAccount in whose name it is asked for.

    `template` maps keys of the Secret to texts with `{{ .username }}`, `{{ .password }}` and the names of
    `fixed`, which maps further names to a path and a key of the key-value store.
    """

    name: str
    path: pulumi.Input[str]
    account: pulumi.Input[str]
    template: Mapping[str, str]
    fixed: Mapping[str, tuple[str, str]]


def generator(
    secret: DynamicSecret,
    role: pulumi.Input[str],
    cluster: str,
    store: SecretStoreSettings,
    namespace: NamespaceRef,
    labels: Mapping[str, str],
) -> Manifest:
    """Who makes the login: the store's engine, asked in `role` with the workload's own identity."""
    spec: dict[str, Any] = {
        "path": secret.path,
        "method": "GET",
        "resultType": "Data",
        "provider": server_login(store, cluster, role, {"name": secret.account}),
    }
    return kubernetes_object(
        "generators.external-secrets.io/v1alpha1",
        "VaultDynamicSecret",
        secret.name,
        namespace=namespace,
        labels=labels,
        spec=spec,
    )


def external_secret(
    secret: DynamicSecret,
    generator_name: pulumi.Input[str],
    namespace: NamespaceRef,
    labels: Mapping[str, str],
) -> Manifest:
    """The ExternalSecret, and by its `target` the Secret of the same name with the template's keys alone."""
    reference = {
        "apiVersion": "generators.external-secrets.io/v1alpha1",
        "kind": "VaultDynamicSecret",
        "name": generator_name,
    }
    target = {
        "name": secret.name,
        "creationPolicy": "Owner",
        "deletionPolicy": "Retain",
        "template": {"mergePolicy": "Replace", "data": dict(secret.template)},
    }
    spec = {
        "refreshInterval": REFRESH,
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
        "target": target,
        "dataFrom": [{"sourceRef": {"generatorRef": reference}}],
        "data": [
            {"secretKey": name, "remoteRef": {"key": path, "property": key}}
            for name, (path, key) in secret.fixed.items()
        ],
    }
    return kubernetes_object(
        "external-secrets.io/v1", "ExternalSecret", secret.name, namespace=namespace, labels=labels, spec=spec
    )
