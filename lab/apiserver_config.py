"""The files that an API server is configured by: who may come in, what is encrypted, what is audited."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.access import ROLES_CLAIM
from lab.credentials import key
from lab.folder import LabFolder, write_private

HEALTH_PATHS = ("/livez", "/readyz", "/healthz")
AUDIENCE = "kubernetes"
"""The realm's client whose tokens are for API servers."""

MESH_CLIENTS = "mesh-"
"""What the realm's clients for clusters begin with: in their names control planes watch other clusters."""

PREFIX = "mlops:"
"""Of users and groups that come from the realm: none of them can be one that the cluster itself knows."""


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who signs users' tokens; `authority` is the PEM text of who signs its certificate."""

    url: str
    authority: str


@dataclass(frozen=True, kw_only=True)
class ConfigurationFiles:
    """Where the files lie."""

    authentication: Path
    encryption: Path
    audit_policy: Path


def write_configuration(folder: LabFolder, cluster: str, issuer: Issuer) -> ConfigurationFiles:
    """Write the three files of one cluster; the encryption key is made once and kept."""
    config = folder.cluster(cluster).config
    files = ConfigurationFiles(
        authentication=config / "authentication.json",
        encryption=config / "encryption.json",
        audit_policy=config / "audit-policy.json",
    )
    _write(files.authentication, authentication(issuer))
    _write(files.encryption, encryption(key(folder, f"{cluster}-encryption-key")))
    _write(files.audit_policy, audit_policy())
    return files


def authentication(issuer: Issuer) -> dict[str, Any]:
    """Tokens of the realm are believed once the realm is there: until then the API server asks for its keys
    again and again, and serves all others. Anonymous requests reach the health endpoints and nothing else."""
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [_realm(issuer)],
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in HEALTH_PATHS]},
    }


def _realm(issuer: Issuer) -> dict[str, Any]:
    """Names and roles are taken as they are spelt: a role in another case is another group."""
    return {
        "issuer": {"url": issuer.url, "audiences": [AUDIENCE], "certificateAuthority": issuer.authority},
        "claimMappings": {
            "username": {"claim": "sub", "prefix": PREFIX},
            "groups": {"claim": ROLES_CLAIM, "prefix": PREFIX},
        },
        "claimValidationRules": [
            {"expression": "claims.?sub.orValue('') != ''", "message": "the token names no subject"},
            {
                "expression": f"claims.?azp.orValue('') == '{AUDIENCE}' || "
                f"claims.?azp.orValue('').startsWith('{MESH_CLIENTS}')",
                "message": f"the token was issued to another client than {AUDIENCE} and those of clusters",
            },
        ],
        "userValidationRules": [
            {
                "expression": "!user.username.startsWith('system:')",
                "message": "names of the cluster's own users cannot come from the realm",
            },
            {
                "expression": "user.groups.all(group, !group.startsWith('system:'))",
                "message": "names of the cluster's own groups cannot come from the realm",
            },
        ],
    }


def encryption(secret: bytes) -> dict[str, Any]:
    """Secrets are written to etcd with secretbox; nothing was ever stored in clear, so nothing is read so."""
    encoded = base64.b64encode(secret).decode("ascii")
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [{"secretbox": {"keys": [{"name": "lab", "secret": encoded}]}}],
            }
        ],
    }


def audit_policy() -> dict[str, Any]:
    """Who did what, never the content of secrets and tokens. Reads by the control plane's own components and
    health checks are left out: they would be nearly all of the log."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "nonResourceURLs": [f"{path}*" for path in HEALTH_PATHS]},
            {
                "level": "Metadata",
                "resources": [
                    {"group": "", "resources": ["secrets", "configmaps", "serviceaccounts/token"]},
                    {"group": "authentication.k8s.io", "resources": ["tokenreviews"]},
                ],
            },
            {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
            {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
            {
                "level": "None",
                "userGroups": ["system:serviceaccounts:kube-system"],
                "verbs": ["get", "list", "watch"],
            },
            {
                "level": "None",
                "users": ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"],
                "verbs": ["get", "list", "watch"],
            },
            {
                "level": "None",
                "users": ["lab:kwok", "lab:agent"],
                "verbs": ["get", "list", "watch"],
            },
            {"level": "Request", "verbs": ["create", "update", "patch", "delete", "deletecollection"]},
            {"level": "Metadata"},
        ],
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    write_private(path, json.dumps(content, indent=1) + "\n")
