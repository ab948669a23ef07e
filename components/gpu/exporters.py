"""DCGM's exporters, which the GPU operator runs on every node with GPUs: where they are, and the way to them."""

from __future__ import annotations

from collections.abc import Mapping

from components.gpu.gpu_pool import HOME
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object
from components.network.api_server import tcp_ports

EXPORTER = "nvidia-dcgm-exporter"
"""Value of the label `app` that the operator gives their pods."""

EXPORTER_PORT = 9400


def exporters_egress(app: str, namespace: NamespaceRef, common: Mapping[str, str]) -> Manifest:
    """The way of an app's pods to the exporters, and to nothing else there."""
    exporters = {"k8s:io.kubernetes.pod.namespace": HOME.name, "k8s:app": EXPORTER}
    spec = {
        "endpointSelector": {"matchLabels": selector(app)},
        "egress": [{"toEndpoints": [{"matchLabels": exporters}], "toPorts": tcp_ports(EXPORTER_PORT)}],
    }
    return kubernetes_object(
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        f"{app}-to-exporters",
        namespace=namespace,
        labels=common,
        spec=spec,
    )
