"""Which gateways a VirtualService is bound to, and whether they take its hosts. Source: Istio, Gateway; IST0132."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.fields import Unproved, quoted, text
from controls.item import Item
from controls.mesh.names import GATEWAY, GATEWAY_API
from controls.stack import Stack, Where, where

_MESH: Final = "mesh"


def faults(stack: Stack, service: Item) -> Iterator[str]:
    """A gateway that there is not, and a host that none of its gateways takes."""
    taken: list[str] = []
    sure = True
    for name in service.spec.values("gateways"):
        if name == _MESH or isinstance(name, Unproved):
            sure = False
            continue
        gateway = _find(stack, name, where(service))
        if gateway is None:
            sure = False
            yield f"gateway: Gateway {quoted(name)} is not in the stack; repair the name"
        elif gateway.type == GATEWAY:
            hosts = [host for server in gateway.spec.entries("servers") for host in server.values("hosts")]
            taken += [text(host).rpartition("/")[2] for host in hosts]
            sure = sure and all(isinstance(host, str) for host in hosts)
        else:
            sure = False
    if sure and service.spec.values("gateways"):
        for host in service.spec.values("hosts"):
            if isinstance(host, str) and not any(_takes(one, host) for one in taken):
                yield f"gateway-host: no gateway of it takes host {quoted(host)}; add it to the gateway's hosts"


def _find(stack: Stack, name: object, home: Where) -> Item | None:
    """`name`, `namespace/name`, or the old `name.namespace.svc.cluster.local`."""
    namespace, slash, bare = text(name).rpartition("/")
    if not slash:
        bare, _, rest = bare.partition(".")
        namespace = rest.partition(".")[0]
    place = (home[0], namespace or home[1])
    return stack.find(GATEWAY, bare, place) or stack.find(GATEWAY_API, bare, place)


def _takes(pattern: str, host: str) -> bool:
    """Whether hosts of a gateway and of a route meet; either may start with a `*`."""
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return pattern == host or (host.startswith("*") and pattern.endswith(host[1:]))
