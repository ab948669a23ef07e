"""The tracking gate in one cluster: people's way to MLflow, which knows no users itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.mesh.tracking_access import AUDIENCE
from components.mesh.tracking_access import GATE as APP
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, egress_policy, ingress_policy
from components.replicas import (
    digest,
    disruption_budget,
    http_service,
    pod_template,
    rolling_deployment,
    spread,
)
from components.tracking.mlflow_server import PORT as MLFLOW_PORT
from config import catalog
from config.access import Matrix, permissions

PORT = 8080
_SETTINGS = "/etc/mlflow-gate"
_FILE = "permissions.json"
_AUTHORITY = "authority.crt"


@dataclass(frozen=True, kw_only=True)
class GateArgs:
    """`issuer` is the realm's address, `keycloak` where it answers (host and port); `authority` is the PEM text of
    who signs its certificate, None for a public authority. `mlflow` is the name of MLflow's Service. Pods of the
    `clients` namespaces may connect, and nobody else."""

    namespace: NamespaceRef
    matrix: Matrix
    issuer: str
    keycloak: Destination
    authority: str | None
    mlflow: pulumi.Input[str]
    replicas: int
    owner: Owner
    clients: tuple[NamespaceRef, ...] = ()


class TrackingGate(Component, token="mlops:index:TrackingGate"):
    """The gate with its identity, its part of the matrix, its Service and the traffic that it needs."""

    service: pulumi.Output[str]

    def __init__(self, name: str, args: GateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        namespace, common = args.namespace, labels(APP, "tracking", args.owner)
        data = settings(args.matrix, args.authority)
        served = Served(app=APP, server=namespace, port=PORT, clients=args.clients)
        part(self, "ingress", ingress_policy(served))
        for client in args.clients:
            part(self, f"egress-{client.name}", egress_policy(served, client))
        part(self, "outside", fqdn_egress(APP, namespace, (args.keycloak,)))
        account = part(self, "account", service_account(APP, namespace, common))
        config = part(self, "config", config_map(data, namespace, common))
        part(self, "server", deployment(args, account, config, data, common))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        self.service = part(self, "service", http_service(APP, PORT, namespace, common))
        self.register_outputs({"service": self.service})


def settings(matrix: Matrix, authority: str | None) -> dict[str, str]:
    """The gate's files: its rows of the matrix, and whom it trusts."""
    files = {_FILE: json.dumps(permissions(matrix), indent=1, sort_keys=True)}
    return files | ({_AUTHORITY: authority} if authority else {})


def config_map(data: Mapping[str, str], namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """The files as a ConfigMap: nothing in them is secret."""
    return kubernetes_object("v1", "ConfigMap", APP, namespace=namespace, labels=common, data=dict(data))


def deployment(
    args: GateArgs,
    account: pulumi.Input[str],
    config: pulumi.Input[str],
    data: Mapping[str, str],
    common: Mapping[str, str],
) -> Manifest:
    """A changed matrix changes the digest in the template and so replaces the pods, one after another."""
    template = pod_template(common, _pod(args, account, config, _AUTHORITY in data), digest(data))
    return rolling_deployment(APP, args.replicas, template, args.namespace, common)


def _pod(
    args: GateArgs, account: pulumi.Input[str], config: pulumi.Input[str], authority: bool
) -> dict[str, Any]:
    upstream = pulumi.Output.format("http://{0}.{1}.svc:{2}", args.mlflow, args.namespace.name, MLFLOW_PORT)
    environment: dict[str, pulumi.Input[str]] = {
        "ISSUER": args.issuer,
        "AUDIENCE": AUDIENCE,
        "UPSTREAM": upstream,
        "PERMISSIONS": f"{_SETTINGS}/{_FILE}",
        **({"AUTHORITY": f"{_SETTINGS}/{_AUTHORITY}"} if authority else {}),
        "HOST": "$(POD_IP)",
        "PORT": str(PORT),
    }
    container = {
        "name": "gate",
        "image": catalog.TRACKING_GATE_IMAGE.reference,
        "command": ["python", "-m", "tracking_gate"],
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            *({"name": name, "value": value} for name, value in environment.items()),
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {
            "httpGet": {"path": "/healthz", "port": "http"},
            "periodSeconds": 1,
            "failureThreshold": 60,
        },
        "readinessProbe": {
            "httpGet": {"path": "/readyz", "port": "http"},
            "periodSeconds": 5,
            "timeoutSeconds": 5,
        },
        "livenessProbe": {
            "httpGet": {"path": "/healthz", "port": "http"},
            "periodSeconds": 10,
            "timeoutSeconds": 5,
        },
        "volumeMounts": [{"name": "settings", "mountPath": _SETTINGS, "readOnly": True}],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": "1", "memory": "256Mi", "ephemeral-storage": "64Mi"},
        },
    }
    return {
        "serviceAccountName": account,
        "terminationGracePeriodSeconds": 60,
        "topologySpreadConstraints": spread(APP),
        "containers": [container],
        "volumes": [{"name": "settings", "configMap": {"name": config}}],
    }
