"""Values of Cilium's chart: the whole network below the mesh, beside Istio.

Every key that is set here exists in the chart's own values; the chart does not refuse a key that it never reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.network.cluster_mesh import Member, cluster_mesh_values
from components.network.pod_addresses import PodAddresses, address_values
from components.tolerations import SYSTEM_NODES
from config.network_settings import Encryption, FlowExport

API_SERVER = "cilium-api-server"
"""ConfigMap with `host`, the API server's name: without kube-proxy its Service works only once Cilium does."""

FLOWS = "/var/run/cilium/hubble/events.log"
"""On every node: the log of refused connections, one JSON object a line. The node's collector reads it."""

METRICS = 9965
"""Port of every node with metrics of the traffic, and a Service `hubble-metrics` over all of them."""

NO_SECRETS: Mapping[str, Any] = {
    "tls": {
        "secretSync": {"enabled": False},
        "readSecretsOnlyFromSecretsNamespace": True,
        "secretsNamespace": {"create": False, "name": ""},
    }
}
"""No policy here intercepts TLS or names a Secret: the agent reads none, nobody copies any for it, and the namespace
for the copies, which no policy would close, is not made."""

_FIELDS = (
    *("time", "verdict", "drop_reason_desc", "traffic_direction", "l4", "IP", "node_name"),
    *(f"{end}.{part}" for end in ("source", "destination") for part in ("namespace", "pod_name", "labels")),
    "destination_names",
)
_ENDS = "sourceContext=namespace;destinationContext=namespace"
_MEASURED = ("dns", f"drop:{_ENDS}", f"flow:{_ENDS}", f"policy:{_ENDS}", f"tcp:{_ENDS}")
_REFUSED = json.dumps({"verdict": ["DROPPED", "ERROR"]}, separators=(",", ":"))

_ON_NEW_NODES = (
    *("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"),
    *("node.kubernetes.io/not-ready", "node.cloudprovider.kubernetes.io/uninitialized"),
)
"""Taints of nodes that have no network yet; the chart adds its own one by itself."""


@dataclass(frozen=True, kw_only=True)
class CiliumSettings:
    """One cluster's part. `number` is its own in a ClusterMesh and 0 outside of one, `api_port` the API server's port;
    with `api_server` False it is found as kubeadm publishes it."""

    cluster: str
    number: int
    pods: PodAddresses
    api_server: bool
    api_port: int
    encryption: Encryption
    hubble: FlowExport
    mesh: Member | None


def chart_values(settings: CiliumSettings, labels: Mapping[str, str]) -> dict[str, Any]:
    """All values. Nothing in them is known only once the cluster is there, so that a preview shows the objects.

    Istio needs two of them: other CNI plugins are left alone (`exclusive`), and Services are translated for
    sockets of the host alone, since a sidecar has to see the Service's address.
    """
    return {
        "commonLabels": dict(labels),
        "cluster": {"name": settings.cluster, "id": settings.number},
        **_api_server(settings),
        "kubeProxyReplacement": "true",
        "socketLB": {"enabled": True, "hostNamespaceOnly": True},
        "cni": {"exclusive": False},
        **address_values(settings.pods),
        "encryption": encryption_values(settings.encryption),
        "policyEnforcementMode": "default",
        "l7Proxy": True,
        "envoy": {"enabled": False},
        "hubble": hubble_values(settings.hubble),
        "prometheus": {"enabled": settings.hubble != "off"},
        "operator": _operator(),
        "clustermesh": cluster_mesh_values(settings.mesh),
        "rollOutCiliumPods": True,
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
        "initResources": {"requests": {"cpu": "100m", "memory": "100Mi"}, "limits": {"memory": "512Mi"}},
        **NO_SECRETS,
    }


def encryption_values(kind: Encryption) -> dict[str, Any]:
    """Pods' packets between nodes. The keys of WireGuard are each node's own and never leave it."""
    if kind == "none":
        return {"enabled": False}
    return {"enabled": True, "type": kind, "nodeEncryption": False}


def hubble_values(kind: FlowExport) -> dict[str, Any]:
    """Nothing listens but for the metrics: flows go to a file that the node's collector reads.

    A server of flows would need certificates before there is anybody who could sign them.
    """
    if kind == "off":
        return {"enabled": False}
    log = {
        "enabled": kind == "flows",
        "filePath": FLOWS,
        "fieldMask": list(_FIELDS),
        "allowList": [_REFUSED],
    }
    return {
        "enabled": True,
        "listenAddress": "",
        "tls": {"enabled": False},
        "relay": {"enabled": False},
        "ui": {"enabled": False},
        "redact": {"enabled": True, "http": {"urlQuery": True, "userInfo": True}},
        "metrics": {"enabled": list(_MEASURED), "enableOpenMetrics": True, "port": METRICS},
        "export": {"static": log},
    }


def _api_server(settings: CiliumSettings) -> dict[str, Any]:
    if not settings.api_server:
        return {"k8sServiceHost": "auto"}
    return {
        "k8sServiceHostRef": {"name": API_SERVER, "key": "host"},
        "k8sServicePort": settings.api_port,
    }


def _operator() -> dict[str, Any]:
    """Two, each on a node of its own. It hands out pods' addresses, so it has to run where no pod yet can."""
    return {
        "replicas": 2,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "tolerations": [*_tolerated(_ON_NEW_NODES), dict(SYSTEM_NODES)],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    }


def _tolerated(taints: Sequence[str]) -> list[dict[str, str]]:
    return [{"key": taint, "operator": "Exists"} for taint in taints]
