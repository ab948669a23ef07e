"""Metrics of GPUs to OpenTelemetry: one collector in the cluster reads DCGM's exporters and hands on what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import yaml

from components.access.account_rights import account_rights, grant
from components.base import Component
from components.gpu.exporters import EXPORTER, EXPORTER_PORT, exporters_egress
from components.gpu.gpu_pool import HOME
from components.gpu.in_cluster import ACCOUNT, account_volume
from components.isolation.closed_namespace import closed_namespace
from components.isolation.tenant_namespace import service_account
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, known_after, kubernetes_object, part
from components.network.api_server import api_server_egress
from components.network.fqdn_egress import Destination, fqdn_egress
from components.replicas import digest, disruption_budget, pod_template, rolling_deployment, spread
from components.tolerations import SYSTEM_NODES
from config import catalog
from config.endpoint import Endpoint

APP = "gpu-telemetry"
ROLE = "mlops:gpu-telemetry"
HEALTH_PORT = 13133

_SETTINGS = "/etc/otelcol"
_FILE = "collector.yaml"


@dataclass(frozen=True, kw_only=True)
class GpuTelemetryArgs:
    """`cluster` is the value of `k8s.cluster.name`; `receiver` takes OTLP by gRPC, with TLS."""

    cluster: str
    receiver: Endpoint
    owner: Owner


class GpuTelemetry(Component, token="mlops:index:GpuTelemetry"):
    """The collector with its identity and its ways: to the exporters, to the receiver, and to the API server, which
    tells it where exporters are."""

    def __init__(self, name: str, args: GpuTelemetryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels(APP, "gpu", args.owner)
        namespace = closed_namespace(self, APP, common)
        data = {_FILE: yaml.safe_dump(configuration(args), sort_keys=False)}
        receiver = Destination(hosts=(args.receiver.host,), port=args.receiver.port)
        part(self, "api-server", api_server_egress(APP, namespace))
        part(self, "exporters", exporters_egress(APP, namespace, common))
        part(self, "outside", fqdn_egress(APP, namespace, (receiver,)))
        bound = grant(self, "role", "binding", rights(namespace, common))
        account = known_after(part(self, "account", service_account(APP, namespace, common)), [bound])
        settings = kubernetes_object("v1", "ConfigMap", APP, namespace=namespace, labels=common, data=data)
        config = part(self, "config", settings)
        part(self, "server", deployment(account, config, data, namespace, common))
        part(self, "disruption", disruption_budget(APP, namespace, common))
        self.register_outputs({})


def configuration(args: GpuTelemetryArgs) -> dict[str, Any]:
    """The collector's. It keeps DCGM's own metrics and says which cluster they are of. A `$` is written twice, since
    one is a variable to the collector."""
    discovery = {
        "role": "pod",
        "namespaces": {"names": [HOME.name]},
        "selectors": [{"role": "pod", "label": f"app={EXPORTER}"}],
    }
    scrape = {
        "job_name": "dcgm",
        "scrape_interval": "30s",
        "kubernetes_sd_configs": [discovery],
        "relabel_configs": [
            {
                "source_labels": ["__meta_kubernetes_pod_ip"],
                "target_label": "__address__",
                "replacement": f"$$1:{EXPORTER_PORT}",
            },
            {"source_labels": ["__meta_kubernetes_pod_node_name"], "target_label": "k8s_node_name"},
        ],
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": "DCGM_.*", "action": "keep"},
        ],
    }
    cluster = {"key": "k8s.cluster.name", "value": args.cluster, "action": "upsert"}
    return {
        "receivers": {"prometheus": {"config": {"scrape_configs": [scrape]}}},
        "processors": {
            "memory_limiter": {
                "check_interval": "1s",
                "limit_percentage": 80,
                "spike_limit_percentage": 20,
            },
            "resource": {"attributes": [cluster]},
            "batch": {},
        },
        "exporters": {"otlp": {"endpoint": f"{args.receiver.host}:{args.receiver.port}"}},
        "extensions": {"health_check": {"endpoint": f"${{env:POD_IP}}:{HEALTH_PORT}"}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "metrics": {
                    "receivers": ["prometheus"],
                    "processors": ["memory_limiter", "resource", "batch"],
                    "exporters": ["otlp"],
                }
            },
        },
    }


def rights(namespace: NamespaceRef, common: Mapping[str, str]) -> tuple[Manifest, Manifest]:
    """See pods, where the exporters are and nowhere else."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    return account_rights(ROLE, [rule], (APP, namespace.name), common, within=HOME)


def deployment(
    account: pulumi.Input[str],
    config: pulumi.Input[str],
    data: Mapping[str, str],
    namespace: NamespaceRef,
    common: Mapping[str, str],
) -> Manifest:
    """One copy: two would hand on every figure twice."""
    template = pod_template(common, _pod(account, config), digest(data))
    return rolling_deployment(APP, 1, template, namespace, common)


def _pod(account: pulumi.Input[str], config: pulumi.Input[str]) -> dict[str, Any]:
    health = {"httpGet": {"path": "/", "port": "health"}, "timeoutSeconds": 5}
    container = {
        "name": "collector",
        "image": catalog.COLLECTOR_IMAGE.reference,
        "args": [f"--config={_SETTINGS}/{_FILE}"],
        "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "ports": [{"name": "health", "containerPort": HEALTH_PORT, "protocol": "TCP"}],
        "startupProbe": {**health, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {**health, "periodSeconds": 5},
        "livenessProbe": {**health, "periodSeconds": 10},
        "volumeMounts": [
            {"name": "settings", "mountPath": _SETTINGS, "readOnly": True},
            {"name": "account", "mountPath": ACCOUNT, "readOnly": True},
        ],
        "resources": {
            "requests": {"cpu": "50m", "memory": "128Mi", "ephemeral-storage": "16Mi"},
            "limits": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "64Mi"},
        },
    }
    return {
        "serviceAccountName": account,
        "tolerations": [dict(SYSTEM_NODES)],
        "topologySpreadConstraints": spread(APP),
        "containers": [container],
        "volumes": [account_volume(), {"name": "settings", "configMap": {"name": config}}],
    }
