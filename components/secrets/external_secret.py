"""A Secret that external-secrets fills from the secret store; no value of it passes through this program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.manifest import Manifest, NamespaceRef, kubernetes_object

STORE = "platform"
"""Name of the cluster's ClusterSecretStore."""


def external_secret(
    name: str, path: str, keys: Sequence[str], namespace: NamespaceRef, labels: Mapping[str, str]
) -> Manifest:
    """The ExternalSecret, and by its `target` the Secret of the same name.

    Each key is named, so a key that is added to the store reaches no pod by itself. A key that vanishes from
    the store leaves the last known Secret in place.
    """
    spec = {
        "refreshInterval": "5m",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
        "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [{"secretKey": key, "remoteRef": {"key": path, "property": key}} for key in keys],
    }
    return kubernetes_object(
        "external-secrets.io/v1", "ExternalSecret", name, namespace=namespace, labels=labels, spec=spec
    )
