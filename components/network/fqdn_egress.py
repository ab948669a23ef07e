"""What an app may reach outside the cluster: host names and ports, nothing by address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from components.isolation import dns
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object
from components.network.api_server import tcp_ports


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Exact host names that answer on one TCP port. There are no patterns: each would widen the way out."""

    hosts: tuple[str, ...]
    port: int


def https_destination(url: str) -> Destination:
    """Where an https address answers; its port is 443 unless the address has another one."""
    parts = urlsplit(url)
    return Destination(hosts=(parts.hostname or "",), port=parts.port or 443)


def fqdn_egress(app: str, namespace: NamespaceRef, destinations: Sequence[Destination]) -> Manifest:
    """The CiliumNetworkPolicy that lets the app's pods resolve and reach exactly these destinations.

    Cilium alone can allow by name; under another CNI the default deny stands and the app reaches nothing.
    """
    names = [{"matchName": host} for destination in destinations for host in destination.hosts]
    reach = [
        {
            "toFQDNs": [{"matchName": host} for host in destination.hosts],
            "toPorts": tcp_ports(destination.port),
        }
        for destination in destinations
    ]
    spec = {
        "endpointSelector": {"matchLabels": selector(app)},
        "egress": [dns.cilium_egress(names), *reach],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", f"{app}-to-outside", namespace=namespace, spec=spec
    )
