"""Where the routes of a VirtualService lead. Source: Istio, "Virtual service", Destination."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.fields import Fields, Unproved, fields, quoted, text
from controls.item import Item
from controls.mesh.names import DESTINATION_RULE, SERVICE_ENTRY
from controls.network.endpoints import Endpoints
from controls.stack import Stack, Where, where

_PROTOCOLS: Final = ("http", "tcp", "tls")
_SERVICE: Final = ".svc"
_EXPORT: Final = "networking.istio.io/exportTo"
"""Annotation of a Service: the namespaces that see it."""

_LOCALITY: Final = frozenset(
    {
        *("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "kubernetes.io/hostname"),
        *("topology.istio.io/subzone", "topology.istio.io/cluster", "topology.istio.io/network"),
    }
)
"""Labels that Istio adds to the pods of a host, after their node and cluster; it adds none that is empty."""

_UNSEEN: Final = "is no Service and no ServiceEntry of the stack that is seen from there; repair it"


class Hosts:
    """What a destination's host may be, of all clusters: a mesh shares its services.

    Each is seen by the namespaces that it is exported to (Istio, `exportTo`), all of them where it says nothing.
    """

    def __init__(self, stack: Stack) -> None:
        self._services = {(one.name, where(one)[1]): one for one in stack.of("Service")}
        self._outside = [
            (text(host), one) for one in stack.of(SERVICE_ENTRY) for host in one.spec.values("hosts")
        ]
        self._subsets = {
            (text(one.spec.value("host")), text(subset.value("name")))
            for one in stack.of(DESTINATION_RULE)
            for subset in one.spec.entries("subsets")
        }

    def faults(self, service: Item, endpoints: Endpoints) -> Iterator[str]:
        """What is wrong with the destinations of a VirtualService."""
        for destination in destinations(service):
            host, subset = destination.value("host"), destination.value("subset")
            if isinstance(host, Unproved):
                continue
            name, place = _address(text(host), where(service))
            known = endpoints.hides(place) or all(
                self._known(text(host), name, place, one) for one in _users(service)
            )
            if not known:
                yield f"destination-host: {quoted(host)} {_UNSEEN}"
            elif not self._listens(name, place, destination.section("port").value("number")):
                yield f"destination-host: {quoted(host)} has no port of that number; repair it"
            names = {text(host), name, f"{name}.{place[1]}", f"{name}.{place[1]}.svc.cluster.local"}
            if isinstance(subset, str) and not any((one, subset) in self._subsets for one in names):
                yield f"subset: {quoted(subset)} of {quoted(host)} is in no DestinationRule; add it"

    def rule_faults(self, rule: Item, endpoints: Endpoints) -> Iterator[str]:
        """What is wrong with a DestinationRule: its host (IST0174), and the pods of its subsets (IST0173)."""
        host = rule.spec.value("host")
        if not isinstance(host, str) or "*" in host:
            return
        name, place = _address(host, where(rule))
        if not (endpoints.hides(place) or self._known(host, name, place, where(rule)[1])):
            yield f"destination-host: {quoted(host)} {_UNSEEN}"
        service = self._services.get((name, place[1]))
        selector = dict(service.spec.section("selector").present()) if service else {}
        for subset in rule.spec.entries("subsets") if selector else ():
            stated = subset.section("labels").present()
            labels = {**selector, **{key: one for key, one in stated if key not in _LOCALITY or one == ""}}
            if not endpoints.any_selected(fields({"matchLabels": labels}), place):
                yield f"subset: {quoted(subset.value('name'))} of {quoted(host)} selects no pod; repair its labels"

    def _known(self, host: str, name: str, place: Where, user: str) -> bool:
        """Whether a namespace sees something of that host."""
        service = self._services.get((name, place[1]))
        if service is not None and _seen_by(user, service, _annotated(service)):
            return True
        return any(
            one == host or (one.startswith("*") and host.endswith(one[1:]))
            for one, entry in self._outside
            if _seen_by(user, entry, entry.spec.values("exportTo"))
        )

    def _listens(self, name: str, place: Where, port: object) -> bool:
        """Whether a Service has the port, if both are known."""
        service = self._services.get((name, place[1]))
        ports = [one.value("port") for one in service.spec.entries("ports")] if service else []
        if not isinstance(port, int | float) or any(not isinstance(one, int | float) for one in ports):
            return True
        return not ports or port in ports


def _users(service: Item) -> list[str]:
    """The namespaces by name in which a VirtualService routes."""
    home = where(service)[1]
    stated = [home if one == "." else one for one in service.spec.values("exportTo")]
    return [one for one in stated if isinstance(one, str) and one != "*"] or [home]


def _seen_by(user: str, owner: Item, stated: tuple[object, ...]) -> bool:
    home = where(owner)[1]
    return not stated or any(
        not isinstance(one, str) or one in ("*", user) or (one == "." and user == home) for one in stated
    )


def _annotated(service: Item) -> tuple[object, ...]:
    given = service.annotations.value(_EXPORT)
    return tuple(one.strip() for one in given.split(",")) if isinstance(given, str) and given else ()


def destinations(service: Item) -> Iterator[Fields]:
    """Every destination of every route, mirrors as well."""
    for protocol in _PROTOCOLS:
        for route in service.spec.entries(protocol):
            for entry in route.entries("route"):
                yield entry.section("destination")
            for entry in route.entries("mirrors"):
                yield entry.section("destination")
            if route.value("mirror") is not None:
                yield route.section("mirror")


def _address(host: str, home: Where) -> tuple[str, Where]:
    """Service and place of a host: `web`, `web.team` or `web.team.svc...`; any other host is its own name."""
    name, _, rest = host.partition(".")
    namespace, _, domain = rest.partition(".")
    if domain and not f".{domain}".startswith(_SERVICE):
        return host, home
    return name, (home[0], namespace or home[1])
