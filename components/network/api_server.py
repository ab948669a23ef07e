"""An app and its own cluster's API server: who asks whom, by its identity and not by its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object


def api_server_egress(app: str, namespace: NamespaceRef) -> Manifest:
    """The CiliumNetworkPolicy that lets the app's pods reach their own cluster's API server, wherever it runs."""
    spec = {
        "endpointSelector": {"matchLabels": selector(app)},
        "egress": [
            {
                "toEntities": ["kube-apiserver"],
                "toPorts": [{"ports": [{"port": str(port), "protocol": "TCP"} for port in (443, 6443)]}],
            }
        ],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", f"{app}-to-api-server", namespace=namespace, spec=spec
    )


def api_server_ingress(
    name: str,
    app: str,
    namespace: NamespaceRef,
    ports: Sequence[int],
    labels: Mapping[str, str] | None = None,
) -> Manifest:
    """The CiliumNetworkPolicy `name` that lets the API server ask the app's webhooks, and nobody else."""
    rule = {
        "fromEntities": ["kube-apiserver"],
        "toPorts": [{"ports": [{"port": str(port), "protocol": "TCP"} for port in ports]}],
    }
    spec = {"endpointSelector": {"matchLabels": selector(app)}, "ingress": [rule]}
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", name, namespace=namespace, labels=labels, spec=spec
    )
