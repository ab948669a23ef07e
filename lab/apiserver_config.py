"""The files that an API server is configured by: who may come in, what is encrypted, what is audited."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.credentials import key
from lab.folder import LabFolder, write_private

HEALTH_PATHS = ("/livez", "/readyz", "/healthz")


@dataclass(frozen=True, kw_only=True)
class ConfigurationFiles:
    """Where the files lie."""

    authentication: Path
    encryption: Path
    audit_policy: Path


def write_configuration(folder: LabFolder, cluster: str) -> ConfigurationFiles:
    """Write the three files of one cluster; the encryption key is made once and kept."""
    config = folder.cluster(cluster).config
    files = ConfigurationFiles(
        authentication=config / "authentication.json",
        encryption=config / "encryption.json",
        audit_policy=config / "audit-policy.json",
    )
    _write(files.authentication, authentication())
    _write(files.encryption, encryption(key(folder, f"{cluster}-encryption-key")))
    _write(files.audit_policy, audit_policy())
    return files


def authentication() -> dict[str, Any]:
    """Anonymous requests reach the health endpoints and nothing else. `jwt` takes the realm's issuer; the API
    server reads a changed list without a restart."""
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [],
        "anonymous": {"enabled": True, "conditions": [{"path": path} for path in HEALTH_PATHS]},
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
