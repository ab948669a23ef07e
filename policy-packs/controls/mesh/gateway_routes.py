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
    """A gateway that there is not, one that takes none of its hosts, and a host that none of its gateways takes."""
    taken: list[str] = []
    sure = True
    hosts = [one for one in service.spec.values("hosts") if isinstance(one, str)]
    for name in service.spec.values("gateways"):
        if name == _MESH or isinstance(name, Unproved):
            sure = False
            continue
        gateway = _find(stack, name, where(service))
        if gateway is None:
            sure = False
            yield f"gateway: Gateway {quoted(name)} is not in the stack; repair the name"
            continue
        here = _patterns(gateway, where(service)[1])
        if here is None:
            sure = False
        elif hosts and not any(_takes(one, host) for one in here for host in hosts):
            sure = False
            yield f"gateway-host: Gateway {quoted(name)} takes none of its hosts; add them to the gateway's"
        else:
            taken += here
    if sure and service.spec.values("gateways"):
        for host in hosts:
            if not any(_takes(one, host) for one in taken):
                yield f"gateway-host: no gateway of it takes host {quoted(host)}; add it to the gateway's hosts"


def _patterns(gateway: Item, namespace: str) -> list[str] | None:
    """The hosts that a gateway takes from routes of a namespace, None where one is not known."""
    hosts = list(_hosts(gateway))
    if not all(isinstance(one, str) for one in hosts):
        return None
    return [text(one).rpartition("/")[2] for one in hosts if _open_to(namespace, text(one), gateway)]


def _hosts(gateway: Item) -> Iterator[object]:
    """The hosts of every server, or those of the listeners of Gateway API, of which one without takes all."""
    for server in gateway.spec.entries("servers"):
        yield from server.values("hosts")
    for listener in gateway.spec.entries("listeners"):
        hostname = listener.value("hostname")
        yield "*" if hostname is None else hostname


def _open_to(namespace: str, host: str, gateway: Item) -> bool:
    """Whether a gateway takes that host from routes of a namespace: `namespace/host`, `./host`, `*/host`."""
    wanted, slash, _ = host.rpartition("/")
    return not slash or wanted in ("*", namespace) or (wanted == "." and namespace == where(gateway)[1])


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
