"""NW-07. Sources: Kubernetes API, IngressTLS; Gateway API, Listener; Kyverno ingress-host-match-tls.

A rule that names no host is NW-08's: here every host that is named has to be covered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, quoted, seen
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack, where

_INGRESS: Final = "Ingress.networking.k8s.io"
_GATEWAY: Final = "Gateway.gateway.networking.k8s.io"
_ENCRYPTED: Final = ("HTTPS", "TLS")


def check(item: Item, _: Settings) -> Iterator[str]:
    yield from _ingress(item.spec) if item.type == _INGRESS else _listeners(item.spec)


def _ingress(spec: Fields) -> Iterator[str]:
    entries = spec.entries("tls")
    if spec.unproved or not entries:
        yield "spec.tls is not set; name the hosts and their Secret"
        return
    hosts = [host for entry in entries for host in entry.values("hosts")]
    if any(not entry.unproved and not entry.values("hosts") for entry in entries):
        return
    for index, rule in enumerate(spec.entries("rules")):
        host = rule.value("host")
        if host not in (None, "") and not any(_covers(one, host) for one in hosts):
            yield f"spec.rules[{index}]: spec.tls does not cover host {quoted(host)}; add it to its hosts"


def _covers(certified: object, host: object) -> bool:
    """Exactly, or by a `*` in the place of one label (RFC 6125)."""
    if not isinstance(certified, str) or not isinstance(host, str):
        return False
    if certified.startswith("*."):
        return host.partition(".")[2] == certified[2:] or host == certified
    return certified == host


def _listeners(spec: Fields) -> Iterator[str]:
    for index, listener in enumerate(spec.entries("listeners")):
        protocol, tls = listener.value("protocol"), listener.section("tls")
        where_ = f"spec.listeners[{index}]"
        if isinstance(protocol, Unproved):
            yield f"{where_}.protocol {protocol.value}; use HTTPS"
        elif (
            protocol in _ENCRYPTED
            and tls.value("mode") != "Passthrough"
            and not tls.values("certificateRefs")
        ):
            yield f"{where_}.tls.certificateRefs {seen(tls.value('certificateRefs'))}; name a Secret"


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    """A listener without TLS may only lead to routes that send every request to https."""
    for gateway in stack.of(_GATEWAY):
        for index, listener in enumerate(gateway.spec.entries("listeners")):
            if listener.value("protocol") == "HTTP" and not _only_redirects(stack, gateway, listener):
                yield (
                    gateway,
                    f"spec.listeners[{index}] is HTTP and serves more than redirects to https; use HTTPS",
                )


def _only_redirects(stack: Stack, gateway: Item, listener: Fields) -> bool:
    routes = [
        route
        for route in stack.of_cluster(gateway.cluster, "HTTPRoute.gateway.networking.k8s.io")
        if any(_is_of(parent, route, gateway, listener) for parent in route.spec.entries("parentRefs"))
    ]
    return all(_redirects(rule) for route in routes for rule in route.spec.entries("rules"))


def _is_of(parent: Fields, route: Item, gateway: Item, listener: Fields) -> bool:
    place = (route.cluster, parent.value("namespace") or where(route)[1])
    section = parent.value("sectionName")
    return (
        parent.value("name") == gateway.name
        and place == where(gateway)
        and (section is None or section == listener.value("name"))
    )


def _redirects(rule: Fields) -> bool:
    return any(one.section("requestRedirect").value("scheme") == "https" for one in rule.entries("filters"))


BAD = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: team}
spec:
  tls: [{hosts: [api.example.com], secretName: api-tls}]
  rules: [{host: www.example.com}]
"""

GOOD = BAD.replace("www.example.com", "api.example.com")

CONTROL = Control(
    id="NW-07",
    title="Every Ingress and HTTP listener has TLS that covers its hosts",
    severity=Severity.HIGH,
    anchors=("Gatekeeper httpsonly", "Kyverno ingress-host-match-tls"),
    why="A host that no certificate covers is served in clear, tokens and cookies included.",
    fix="List every host of the rules in spec.tls; an HTTP listener may only redirect to https.",
    bad=BAD,
    good=GOOD,
    kinds=(_INGRESS, _GATEWAY),
    check=check,
    check_stack=check_stack,
)
