"""What each of the lab's tokens may do in OpenBao: exactly what its holder does with it."""

from __future__ import annotations

from collections.abc import Mapping

Rules = Mapping[str, list[str]]
"""Capabilities by path."""

WRITER, READER, PROVIDER = "lab-writer", "secret-sync", "mlops-provider"

_READ = ["read"]
_KEEP = ["create", "read", "update", "delete", "list"]
_KEEP_GUARDED = [*_KEEP, "sudo"]

PROGRAM: Rules = {
    "sys/mounts": _READ,
    "sys/mounts/database": _KEEP,
    "sys/mounts/database/tune": _KEEP,
    "sys/mounts/pki-mesh": _KEEP,
    "sys/mounts/pki-mesh/tune": _KEEP,
    "sys/mounts/pki-mesh-*": _KEEP,
    "sys/auth": _READ,
    "sys/auth/oidc": _KEEP_GUARDED,
    "sys/auth/oidc/tune": _KEEP_GUARDED,
    "sys/auth/kubernetes-*": _KEEP_GUARDED,
    "sys/mounts/auth/oidc": _READ,
    "sys/mounts/auth/oidc/tune": _KEEP,
    "sys/mounts/auth/kubernetes-*": _KEEP,
    "sys/policies/acl/mlops-*": _KEEP,
    "sys/policies/acl/tenant-*": _KEEP,
    f"sys/policies/acl/{PROVIDER}": ["deny"],
    "sys/audit": ["read", "sudo"],
    "auth/+/config": _KEEP,
    "auth/+/role/*": _KEEP,
    "database/config/*": _KEEP,
    "database/roles/*": _KEEP,
    "pki-mesh/*": _KEEP,
    "pki-mesh/root": _KEEP_GUARDED,
    "pki-mesh-*": _KEEP_GUARDED,
    "secret/data/oidc/*": _KEEP,
    "secret/metadata/oidc/*": _KEEP,
    "auth/token/create": ["update"],
    "auth/token/lookup-self": _READ,
    "auth/token/renew-self": ["update"],
    "auth/token/revoke-self": ["update"],
}
"""What the program declares, and the child token that its provider works with. `sudo` only where OpenBao wants
it: methods of authentication, the list of audit devices, and deleting a root certificate.

Whoever writes policies and the roles that give them out can reach what those policies reach: this token is as
precious as all of the program's own content. It cannot change its own policy, the lab's, nor the seal.
"""

POLICIES: Mapping[str, Rules] = {
    WRITER: {"secret/data/mlflow/*": ["create", "update", "read"]},
    READER: {
        "secret/data/mlflow/*": _READ,
        "secret/data/oidc/mesh-*": _READ,
        "database/creds/mlflow": _READ,
    },
    PROVIDER: PROGRAM,
}
