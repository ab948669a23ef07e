"""A ClusterIssuer whose key is in the secret store: cert-manager enters by its own ServiceAccount's token."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.manifest import Manifest, kubernetes_object
from components.secrets.secret_store import auth_mount
from components.trust.cert_manager_values import APP
from components.trust.platform_issuer import SECRET


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """How cert-manager of one cluster reaches the store.

    `authority` is the PEM text of who signs for `server`, None for a public one; with `hosted` it is the cluster's
    own authority. `audience` is what tokens at the cluster's API server are for: the store has the token reviewed
    there in the token's own name.
    """

    cluster: str
    server: str
    authority: str | None
    hosted: bool
    audience: str


def vault_issuer(name: str, path: str, role: str, access: StoreAccess, labels: Mapping[str, str]) -> Manifest:
    """The store signs at `path` for whoever logged in as `role`."""
    login = {
        "mountPath": f"/v1/auth/{auth_mount(access.cluster)}",
        "role": role,
        "serviceAccountRef": {"name": APP, "audiences": [access.audience]},
    }
    vault = {"server": access.server, "path": path, **_trust(access), "auth": {"kubernetes": login}}
    return kubernetes_object(
        "cert-manager.io/v1", "ClusterIssuer", name, labels=labels, spec={"vault": vault}
    )


def _trust(access: StoreAccess) -> dict[str, Any]:
    if access.authority:
        return {"caBundle": b64encode(access.authority.encode()).decode()}
    return {"caBundleSecretRef": {"name": SECRET, "key": "ca.crt"}} if access.hosted else {}
