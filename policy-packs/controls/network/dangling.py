"""NW-04. Source: kubescape C-0299 (policy-selector), C-0293 (service-selector), C-0298 (route-backend)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, fields, quoted, text
from controls.item import Item
from controls.network.endpoints import Endpoints
from controls.network.policies import CILIUM_CLUSTERWIDE, policies
from controls.selectors import is_empty
from controls.settings import Settings
from controls.stack import Stack, Where, where

_INGRESS: Final = "Ingress.networking.k8s.io"
_ROUTES: Final = tuple(
    f"{kind}.gateway.networking.k8s.io"
    for kind in ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
)


def check(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    endpoints = Endpoints(stack, settings)
    yield from _policies(stack, endpoints)
    yield from _services(stack, endpoints)
    for ingress in stack.of(_INGRESS):
        for path, name in _ingress_backends(ingress):
            if not _exists(stack, endpoints, name, where(ingress)):
                yield (
                    ingress,
                    f"route-backend: {path} names Service {quoted(name)}, which is not in its namespace",
                )
    for route in stack.of(*_ROUTES):
        for path, name, place in _route_backends(route):
            if not _exists(stack, endpoints, name, place):
                yield (
                    route,
                    f"route-backend: {path} names Service {quoted(name)}, which is not in its namespace",
                )


def _policies(stack: Stack, endpoints: Endpoints) -> Iterator[tuple[Item, str]]:
    for cluster in stack.clusters:
        for rules in policies(stack, cluster):
            if rules.item.type == CILIUM_CLUSTERWIDE or is_empty(rules.selector):
                continue
            if not endpoints.any_selected(rules.selector, where(rules.item)):
                yield rules.item, "policy-selector: it selects no pod of its namespace; repair the labels"


def _services(stack: Stack, endpoints: Endpoints) -> Iterator[tuple[Item, str]]:
    for service in stack.of("Service"):
        selector = service.spec.section("selector")
        if service.spec.value("type") == "ExternalName" or not (selector.unproved or any(selector.present())):
            continue
        if not endpoints.any_selected(fields({"matchLabels": selector.data}), where(service)):
            yield service, "service-selector: it selects no pod of its namespace; repair the labels"


def _ingress_backends(ingress: Item) -> Iterator[tuple[str, object]]:
    """Path and Service name of each backend; `serviceName` is how extensions/v1beta1 wrote it."""
    backends = [
        ("spec.defaultBackend", ingress.spec.section("defaultBackend")),
        ("spec.backend", ingress.spec.section("backend")),
    ]
    for index, rule in enumerate(ingress.spec.entries("rules")):
        for number, path in enumerate(rule.section("http").entries("paths")):
            backends.append((f"spec.rules[{index}].http.paths[{number}].backend", path.section("backend")))
    for where_, backend in backends:
        for name in (backend.section("service").value("name"), backend.value("serviceName")):
            if name is not None and not backend.unproved:
                yield where_, name


def _route_backends(route: Item) -> Iterator[tuple[str, object, Where]]:
    for index, rule in enumerate(route.spec.entries("rules")):
        for number, backend in enumerate(rule.entries("backendRefs")):
            if _is_service(backend):
                namespace = backend.value("namespace")
                place = where(route) if namespace is None else (route.cluster, text(namespace))
                yield f"spec.rules[{index}].backendRefs[{number}]", backend.value("name"), place


def _is_service(backend: Fields) -> bool:
    return (
        not backend.unproved
        and backend.value("group") in (None, "")
        and (backend.value("kind") in (None, "Service"))
    )


def _exists(stack: Stack, endpoints: Endpoints, name: object, place: Where) -> bool:
    """A name that is not known yet comes from a resource of the stack; a chart may hide the Service."""
    if isinstance(name, Unproved) or endpoints.hides(place):
        return True
    return stack.find("Service", text(name), place) is not None or _made_for(stack, text(name), place)


def _made_for(stack: Stack, service: str, place: Where) -> bool:
    """Whether a controller makes it: Keycloak's operator names its Service after the server."""
    owner = service.removesuffix("-service")
    return owner != service and stack.find("Keycloak.k8s.keycloak.org", owner, place) is not None


BAD = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team}
spec: {selector: {app: web}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: team, labels: {app: wbe}}
spec: {containers: [{name: web}]}
"""

GOOD = BAD.replace("wbe", "web")

CONTROL = Control(
    id="NW-04",
    title="Selectors and backends resolve: policy-selector, service-selector, route-backend",
    severity=Severity.MEDIUM,
    anchors=("C-0299", "C-0293", "C-0298", "IST0101"),
    why="A policy that selects nothing protects nothing, and nobody sees it: it looks like the one that does.",
    fix="Repair the label or the name; pods that others bring are named in podsFromElsewhere.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
