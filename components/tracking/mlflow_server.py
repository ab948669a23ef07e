"""MLflow's Deployment: the server's command, its files and its life cycle, as a pure manifest.

No secret stands in an argument or a variable: libpq reads a service file and boto3 its own files, both from
mounted Secrets, and both read them again for every new connection, so a rotation needs no restart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.manifest import Manifest, NamespaceRef
from components.replicas import pod_template, rolling_deployment, spread
from config import catalog

APP = "mlflow"
PORT = 5000
ARTIFACT_KEYS = ("credentials", "config", "ca.crt")

_DATABASE = "/etc/mlflow/database"
_ARTIFACTS = "/etc/mlflow/artifacts"
_SCRATCH = "/tmp"  # noqa: S108 - a path inside the container, an emptyDir of its own
_STORE = "postgresql+psycopg2:///?service=mlflow"
_WORKERS = 2
_GRACE = 60
"""Seconds from SIGTERM to SIGKILL: an upload that is under way may end."""
_DRAIN = 5
"""Seconds before SIGTERM, in which the pod's address leaves the Service everywhere."""


@dataclass(frozen=True, kw_only=True)
class MlflowServer:
    """What the Deployment refers to; names are the outputs of those objects, so that it comes after them."""

    replicas: int
    bucket: str
    account: pulumi.Input[str]
    config: pulumi.Input[str]
    config_digest: str
    database_secret: pulumi.Input[str]
    artifacts_secret: pulumi.Input[str]


def deployment(server: MlflowServer, namespace: NamespaceRef, labels: Mapping[str, str]) -> Manifest:
    """A changed configuration changes the digest in the template and so replaces the pods."""
    template = pod_template(labels, _pod(server), server.config_digest)
    return rolling_deployment(APP, server.replicas, template, namespace, labels)


def _pod(server: MlflowServer) -> dict[str, Any]:
    return {
        "serviceAccountName": server.account,
        "terminationGracePeriodSeconds": _GRACE,
        "topologySpreadConstraints": spread(APP),
        "initContainers": [_migration(server)],
        "containers": [_server(server)],
        "volumes": [
            _secret_volume("database", server.database_secret),
            _secret_volume("artifacts", server.artifacts_secret),
            {"name": "scratch", "emptyDir": {"sizeLimit": "2Gi"}},
        ],
    }


def _migration(server: MlflowServer) -> dict[str, Any]:
    """Brings the schema up to date before this pod's server looks at it.

    Two pods may start it at once, from two clusters even: the one that loses the race fails and is started
    again, and then finds nothing to do.
    """
    return {
        **_container("migrate", server),
        "args": ["db", "upgrade", _STORE],
        "resources": {
            "requests": {"cpu": "100m", "memory": "512Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "256Mi"},
        },
    }


def _server(server: MlflowServer) -> dict[str, Any]:
    health = {"httpGet": {"path": "/health", "port": "http"}, "timeoutSeconds": 5}
    return {
        **_container("server", server),
        "args": [
            "server",
            *("--host", "$(POD_IP)"),
            *("--port", str(PORT)),
            *("--workers", str(_WORKERS)),
            *("--backend-store-uri", _STORE),
            *("--artifacts-destination", f"s3://{server.bucket}"),
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {**health, "periodSeconds": 2, "failureThreshold": 90},
        "readinessProbe": {**health, "periodSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {**health, "periodSeconds": 10, "failureThreshold": 6},
        "lifecycle": {"preStop": {"sleep": {"seconds": _DRAIN}}},
        "resources": {
            "requests": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "256Mi"},
            "limits": {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "3Gi"},
        },
    }


def _container(name: str, server: MlflowServer) -> dict[str, Any]:
    """What migration and server share: the image, the configuration and the mounted files."""
    files = {
        "PGSERVICEFILE": f"{_DATABASE}/pg_service.conf",
        "PGSSLROOTCERT": f"{_DATABASE}/ca.crt",
        "AWS_SHARED_CREDENTIALS_FILE": f"{_ARTIFACTS}/credentials",
        "AWS_CONFIG_FILE": f"{_ARTIFACTS}/config",
        "AWS_CA_BUNDLE": f"{_ARTIFACTS}/ca.crt",
        "HOME": _SCRATCH,
        "TMPDIR": _SCRATCH,
    }
    return {
        "name": name,
        "image": catalog.MLFLOW_IMAGE.reference,
        "command": ["mlflow"],
        "envFrom": [{"configMapRef": {"name": server.config}}],
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            *({"name": key, "value": value} for key, value in files.items()),
        ],
        "volumeMounts": [
            {"name": "database", "mountPath": _DATABASE, "readOnly": True},
            {"name": "artifacts", "mountPath": _ARTIFACTS, "readOnly": True},
            {"name": "scratch", "mountPath": _SCRATCH},
        ],
    }


def _secret_volume(name: str, secret: pulumi.Input[str]) -> dict[str, Any]:
    """Readable by the pod's own group alone."""
    return {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}}
