"""The GPU guard in one cluster: no pod gets onto a node before its GPUs are cut as asked (services/gpu_guard)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.isolation.closed_namespace import closed_namespace
from components.isolation.pod_hardening import hardened
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part
from components.network.fqdn_egress import api_server_egress
from components.replicas import disruption_budget, rolling_deployment, spread
from components.tolerations import SYSTEM_NODES
from config import catalog
from config.gpu import STARTUP_TAINT

APP = "gpu-guard"
ROLE = "mlops:gpu-guard"
PORT = 8080

_GROUP = "rbac.authorization.k8s.io"
_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class GpuGuardArgs:
    """Who owns and pays for it."""

    owner: Owner


class GpuGuard(Component, token="mlops:index:GpuGuard"):
    """One copy is enough: while it is away no new node is opened, so nothing lands where it should not."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: GpuGuardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels(APP, "gpu", args.owner)
        namespace = closed_namespace(self, APP, common)
        part(self, "api-server", api_server_egress(APP, namespace))
        binding = role_binding(namespace, common)
        binding["roleRef"]["name"] = part(self, "role", role(common))
        part(self, "binding", binding)
        account = part(self, "account", service_account(APP, namespace, common))
        part(self, "server", deployment(account, namespace, common))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        self.namespace = pulumi.Output.from_input(namespace.ready)
        self.register_outputs({"namespace": self.namespace})


def role(common: Mapping[str, str]) -> Manifest:
    """See nodes and change them. RBAC cannot narrow that to taints."""
    rule = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch", "patch"]}
    return kubernetes_object(f"{_GROUP}/v1", "ClusterRole", ROLE, labels=common, rules=[rule])


def role_binding(namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """The guard's own account."""
    return kubernetes_object(
        f"{_GROUP}/v1",
        "ClusterRoleBinding",
        ROLE,
        labels=common,
        roleRef={"apiGroup": _GROUP, "kind": "ClusterRole", "name": ROLE},
        subjects=[{"kind": "ServiceAccount", "name": APP, "namespace": namespace.name}],
    )


def deployment(account: pulumi.Input[str], namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """It runs on nodes without GPUs: it has to be there before any of those is ready."""
    template = {"metadata": {"labels": dict(common)}, "spec": hardened(_pod(account))}
    return rolling_deployment(APP, 1, template, namespace, common)


def _pod(account: pulumi.Input[str]) -> dict[str, Any]:
    container = {
        "name": "guard",
        "image": catalog.GPU_GUARD_IMAGE.reference,
        "command": ["python", "-m", "gpu_guard"],
        "env": [
            {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "HOST", "value": "$(POD_IP)"},
            {"name": "PORT", "value": str(PORT)},
            {"name": "TAINT", "value": STARTUP_TAINT["key"]},
            {"name": "ACCOUNT", "value": _ACCOUNT},
        ],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {**_probe("/healthz"), "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**_probe("/readyz"), "periodSeconds": 5},
        "livenessProbe": {**_probe("/healthz"), "periodSeconds": 10},
        "volumeMounts": [{"name": "account", "mountPath": _ACCOUNT, "readOnly": True}],
        "resources": {
            "requests": {"cpu": "20m", "memory": "64Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": "500m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
        },
    }
    return {
        "serviceAccountName": account,
        "tolerations": [dict(SYSTEM_NODES)],
        "topologySpreadConstraints": spread(APP),
        "containers": [container],
        "volumes": [{"name": "account", "projected": {"sources": _identity()}}],
    }


def _probe(path: str) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 5}


def _identity() -> list[dict[str, Any]]:
    """A token of an hour, and who signs the API server's certificate."""
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
