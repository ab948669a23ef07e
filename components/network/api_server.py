"""An app and its own cluster's API server: who asks whom, by its identity and not by its address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object


def api_server_egress(app: str, namespace: NamespaceRef) -> Manifest:
    """The CiliumNetworkPolicy that lets the app's pods reach their own cluster's API server, wherever it runs."""
    spec = {
        "endpointSelector": {"matchLabels": selector(app)},
        "egress": [asking_api_server()],
    }
    return _policy(f"{app}-to-api-server", namespace, None, spec)


def api_server_ingress(
    name: str,
    app: str,
    namespace: NamespaceRef,
    ports: Sequence[int],
    labels: Mapping[str, str] | None = None,
) -> Manifest:
    """The CiliumNetworkPolicy `name` that lets the API server ask the app's webhooks, and nobody else."""
    return _policy(name, namespace, labels, _asked_alone(selector(app), ports))


def api_server_alone(
    name: str,
    matched: Mapping[str, str],
    home: NamespaceRef,
    labels: Mapping[str, str],
    *,
    asked: Sequence[int] = (),
) -> Manifest:
    """The CiliumNetworkPolicy `name` for pods that speak with the API server and nobody else, which asks them on the
    ports `asked`. It selects by the labels `matched` in a namespace that other pods share."""
    spec = {
        **_asked_alone(matched, asked),
        "enableDefaultDeny": {"ingress": True, "egress": True},
        "egress": [asking_api_server()],
    }
    return _policy(name, home, labels, spec)


def asked_by_api_server_alone(
    name: str,
    matched: Mapping[str, str],
    home: NamespaceRef,
    labels: Mapping[str, str],
    *,
    asked: Sequence[int] = (),
) -> Manifest:
    """The same for pods that call a cloud, whose many names are not known here: nobody but the API server reaches them,
    and their way out stays as it is."""
    return _policy(name, home, labels, _asked_alone(matched, asked))


def asking_api_server() -> dict[str, Any]:
    """The egress rule of a CiliumNetworkPolicy to the cluster's own API server."""
    return {"toEntities": ["kube-apiserver"], "toPorts": tcp_ports(443, 6443)}


def _asked_alone(matched: Mapping[str, str], asked: Sequence[int]) -> dict[str, Any]:
    """An empty rule allows nothing and closes the direction; without any rule it would stay open."""
    rule = {"fromEntities": ["kube-apiserver"], "toPorts": tcp_ports(*asked)} if asked else {}
    return {"endpointSelector": {"matchLabels": dict(matched)}, "ingress": [rule]}


def _policy(
    name: str, home: NamespaceRef, labels: Mapping[str, str] | None, spec: Mapping[str, Any]
) -> Manifest:
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", name, namespace=home, labels=labels, spec=spec
    )


def tcp_ports(*numbers: int) -> list[dict[str, list[dict[str, str]]]]:
    """`toPorts` of a Cilium rule."""
    return [{"ports": [{"port": str(number), "protocol": "TCP"} for number in numbers]}]
