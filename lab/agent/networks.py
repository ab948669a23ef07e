"""What a pod knows of the network around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from lab.agent.addresses import Addresses
from lab.agent.containers import service_links
from lab.agent.pod_files import Network

Object = Mapping[str, Any]


def network(
    pod: Object, services: Sequence[Object], addresses: Addresses, port: Callable[[int], int], api_server: str
) -> Network:
    """The pod's address, and how it reaches the cluster's Services and API server as they are now.

    Raises AddressesExhaustedError.
    """
    namespace, links = pod["metadata"]["namespace"], dict[str, str]()
    if pod["spec"].get("enableServiceLinks", True):
        near = [one for one in services if one["metadata"]["namespace"] == namespace]
        names = [one["metadata"]["name"] for one in near]
        ports = {it["port"]: port(it["port"]) for one in near for it in one["spec"].get("ports") or []}
        links = service_links(near, {name: addresses.service(namespace, name) for name in names}, ports)
    server = urlsplit(api_server)
    return Network(
        address=addresses.pod(pod["metadata"]["uid"]),
        service_address=addresses.service,
        ports=port,
        service_links=links,
        api_server=(server.hostname or "", str(server.port or 443)),
    )
