"""Pods of services that work at their own cluster's API server (services/in_cluster)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.replicas import spread
from components.tolerations import SYSTEM_NODES
from config.catalog import Image

PORT = 8080
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN_SECONDS = 3600


def environment() -> dict[str, str]:
    """What every such service is told. Kubernetes adds where its API server is."""
    return {"HOST": "$(POD_IP)", "PORT": str(PORT), "ACCOUNT": ACCOUNT}


def account_volume() -> dict[str, Any]:
    """A token of an hour, and who signs the API server's certificate."""
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    return {"name": "account", "projected": {"sources": sources}}


def in_cluster_pod(
    app: str, module: str, image: Image, variables: Mapping[str, str], account: pulumi.Input[str]
) -> dict[str, Any]:
    """The pod's spec with one container that runs the service's module. It may run on nodes that are kept for the
    cluster itself, and never has more than its account's token."""
    container = {
        "name": app,
        "image": image.reference,
        "command": ["python", "-m", module],
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            *({"name": name, "value": value} for name, value in variables.items()),
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {**_probe("/healthz"), "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**_probe("/readyz"), "periodSeconds": 5},
        "livenessProbe": {**_probe("/healthz"), "periodSeconds": 10},
        "volumeMounts": [{"name": "account", "mountPath": ACCOUNT, "readOnly": True}],
        "resources": {
            "requests": {"cpu": "20m", "memory": "64Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": "500m", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        },
    }
    return {
        "serviceAccountName": account,
        "tolerations": [dict(SYSTEM_NODES)],
        "topologySpreadConstraints": spread(app),
        "containers": [container],
        "volumes": [account_volume()],
    }


def _probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 5}
