"""Who serves whom, declared once: both ends' NetworkPolicies are derived from one value.

A connection passes only if the client's side lets it out and the server's side lets it in. Written by hand
the two drift apart; here they cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.isolation.namespace import NAME_LABEL
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object


@dataclass(frozen=True, kw_only=True)
class Served:
    """A port of an app and the namespaces whose pods may connect to it; no namespace is meant by default.

    Clients are told apart by namespace only: a pod's author chooses its labels, but not its namespace.
    """

    app: str
    server: NamespaceRef
    port: int
    clients: tuple[NamespaceRef, ...]


def ingress_policy(served: Served) -> Manifest:
    """The server's side: one policy in its namespace. With no clients it lets nobody in."""
    spec: dict[str, Any] = {"podSelector": {"matchLabels": selector(served.app)}, "policyTypes": ["Ingress"]}
    peers = [_pods_of(client) for client in served.clients]
    if peers:
        spec["ingress"] = [{"from": peers, "ports": _ports(served)}]
    return kubernetes_object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        f"{served.app}-from-clients",
        namespace=served.server,
        spec=spec,
    )


def egress_policy(served: Served, client: NamespaceRef) -> Manifest:
    """One client's side: the policy in its namespace. Raises ValueError for a client that is not served."""
    if client not in served.clients:
        raise ValueError(f"{served.app} does not serve {client.name}; add it to the clients of {served.app}")
    peer = {**_pods_of(served.server), "podSelector": {"matchLabels": selector(served.app)}}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [peer], "ports": _ports(served)}]}
    return kubernetes_object(
        "networking.k8s.io/v1", "NetworkPolicy", f"to-{served.app}", namespace=client, spec=spec
    )


def peers_policy(app: str, namespace: NamespaceRef, ports: Sequence[int]) -> Manifest:
    """The app's pods among themselves, both ways, on these TCP ports: members of one cluster."""
    pods = {"podSelector": {"matchLabels": selector(app)}}
    opened = [{"port": port, "protocol": "TCP"} for port in ports]
    spec = {
        **pods,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [pods], "ports": opened}],
        "egress": [{"to": [pods], "ports": opened}],
    }
    return kubernetes_object(
        "networking.k8s.io/v1", "NetworkPolicy", f"{app}-peers", namespace=namespace, spec=spec
    )


def _pods_of(namespace: NamespaceRef) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {NAME_LABEL: namespace.name}}}


def _ports(served: Served) -> list[dict[str, Any]]:
    return [{"port": served.port, "protocol": "TCP"}]
