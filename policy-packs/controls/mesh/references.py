"""MS-09. Sources: IST0101 (reference not found), IST0127 (no matching workloads), IST0132, IST0173-0174."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, fields, quoted, text
from controls.item import Item
from controls.mesh import gateway_routes
from controls.mesh.hosts import Hosts
from controls.mesh.names import (
    AUTHORIZATION,
    DESTINATION_RULE,
    GATEWAY,
    GATEWAY_API,
    PEER_AUTHENTICATION,
    REQUEST_AUTHENTICATION,
    SIDECAR,
    TELEMETRY,
    VIRTUAL_SERVICE,
)
from controls.network.endpoints import Endpoints
from controls.secrets.provider_inputs import marked
from controls.settings import Settings
from controls.stack import Stack, Where, where

_POLICIES: Final = (AUTHORIZATION, REQUEST_AUTHENTICATION, PEER_AUTHENTICATION, TELEMETRY)
_INSTALLED: Final = ("ingressgateway", "egressgateway")
"""Label `istio` of the gateways that Istio's own installation brings."""

_PAIRS: Final = (frozenset({"tls.crt", "tls.key"}), frozenset({"cert", "key"}))


def check(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    endpoints, hosts = Endpoints(stack, settings), Hosts(stack)
    for gateway in stack.of(GATEWAY, GATEWAY_API):
        yield from ((gateway, fault) for fault in _gateway(gateway, stack, endpoints, settings))
    for item in stack.of(*_POLICIES, SIDECAR):
        yield from ((item, fault) for fault in _selector(item, endpoints, settings))
    for service in stack.of(VIRTUAL_SERVICE):
        yield from ((service, fault) for fault in gateway_routes.faults(stack, service))
        yield from ((service, fault) for fault in hosts.faults(service, endpoints))
    for rule in stack.of(DESTINATION_RULE):
        yield from ((rule, fault) for fault in hosts.rule_faults(rule, endpoints))
    namespaces = {namespace for _, namespace in stack.bearers} | {one.name for one in stack.of("Namespace")}
    for policy in stack.of(AUTHORIZATION):
        for name in _source_namespaces(policy):
            if not _is_any_of(namespaces, name):
                yield (
                    policy,
                    f"namespace: source namespace {quoted(name)} is not in the stack; repair the name",
                )


def _gateway(gateway: Item, stack: Stack, endpoints: Endpoints, settings: Settings) -> Iterator[str]:
    """Its pods, and its Secrets: Istio's gateway reads those of its pods' namespace, wherever its object is."""
    places = [where(gateway)]
    if gateway.type == GATEWAY:
        selector = gateway.spec.section("selector")
        found = endpoints.selected_in_cluster(fields({"matchLabels": selector.data}), gateway.cluster)
        if not found and selector.value("istio") in _INSTALLED:
            found = [*places, (gateway.cluster, settings.mesh_root_namespace)]
        if not found:
            yield "gateway-selector: it selects no pod; repair the labels"
        places = found or places
    for name, namespace in _credentials(gateway):
        near = [(gateway.cluster, namespace)] if namespace else places
        if not isinstance(name, Unproved) and not any(
            endpoints.hides(place) or _secret(stack, text(name), place) for place in near
        ):
            yield f"credential: Secret {quoted(name)} is nothing that the stack makes with a key; repair it"


def _selector(item: Item, endpoints: Endpoints, settings: Settings) -> Iterator[str]:
    if item.type == SIDECAR:
        labels = item.spec.section("workloadSelector").section("labels")
    else:
        labels = item.spec.section("selector").section("matchLabels")
    if not any(labels.present()):
        return
    selector = fields({"matchLabels": labels.data})
    if item.namespace == settings.mesh_root_namespace:
        found = bool(endpoints.selected_in_cluster(selector, item.cluster))
    else:
        found = endpoints.any_selected(selector, where(item))
    if not found:
        yield "policy-selector: it selects no pod of its namespace; repair the labels"


def _credentials(gateway: Item) -> Iterator[tuple[object, str]]:
    """Names of Secrets, each with its namespace where one is stated."""
    for server in gateway.spec.entries("servers"):
        name = server.section("tls").value("credentialName")
        if name is not None:
            yield name, ""
    for listener in gateway.spec.entries("listeners"):
        for ref in listener.section("tls").entries("certificateRefs"):
            if ref.value("kind") in (None, "Secret"):
                yield ref.value("name"), text(ref.value("namespace"))


def _secret(stack: Stack, name: str, place: Where) -> bool:
    """Whether something makes that Secret: itself, a certificate, or what brings it from a store."""
    own = stack.find("Secret", name, place)
    if (own and _holds_certificate(own)) or stack.find("SealedSecret.bitnami.com", name, place):
        return True
    made = [
        (one, one.spec.value("secretName"))
        for one in stack.of_namespace(place, "Certificate.cert-manager.io")
    ]
    for one in stack.of_namespace(place, "ExternalSecret.external-secrets.io"):
        made.append((one, one.spec.section("target").value("name") or one.name))
    return any(value is Unproved.UNKNOWN or value == name for _, value in made)


def _holds_certificate(secret: Item) -> bool:
    """Whether a Secret has a certificate and its key, by either pair of names that Istio reads, or may have them."""
    sections = [secret.fields.section(key) for key in ("data", "stringData")]
    names = {name for section in sections for name, _ in section.present()}
    unsure = not names or any(one.unproved or marked(one) for one in sections)
    return unsure or any(pair <= names for pair in _PAIRS)


def _source_namespaces(policy: Item) -> Iterator[str]:
    for rule in policy.spec.entries("rules"):
        for entry in rule.entries("from"):
            source: Fields = entry.section("source")
            for key in ("namespaces", "notNamespaces"):
                yield from (text(one) for one in source.values(key) if text(one))


def _is_any_of(known: set[str], name: str) -> bool:
    """A `*` at the start or the end stands for anything (Istio, AuthorizationPolicy, Source)."""
    if name.startswith("*"):
        return any(one.endswith(name[1:]) for one in known)
    if name.endswith("*"):
        return any(one.startswith(name[:-1]) for one in known)
    return name in known


BAD = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: team}
spec: {selector: {matchLabels: {app: wbe}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: team, labels: {app: web}}
spec: {containers: [{name: web}]}
"""

GOOD = BAD.replace("wbe", "web")

CONTROL = Control(
    id="MS-09",
    title=(
        "Mesh references resolve: gateways, credentials, destination hosts, subsets, policy selectors and namespaces"
    ),
    severity=Severity.MEDIUM,
    anchors=("IST0101", "IST0127", "IST0132", "IST0173-0174"),
    why="Istio takes a reference to nothing without a word, and the policy or route does nothing.",
    fix="Repair the name or the label; pods that others bring are named in podsFromElsewhere.",
    bad=BAD,
    good=GOOD,
    check_stack=check,
)
