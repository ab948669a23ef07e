"""NW-06. Source: CVE-2020-8554 (external IPs); Gatekeeper block-nodeport-services, block-loadbalancer-services."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import seen, text
from controls.item import Item
from controls.settings import Settings

_OUTSIDE: Final = ("NodePort", "LoadBalancer")
_TYPES: Final = ("ClusterIP", "ExternalName")


def check(item: Item, settings: Settings) -> Iterator[str]:
    kind = item.spec.value("type")
    if kind in _OUTSIDE:
        if item.namespace not in settings.gateway_namespaces:
            yield f"spec.type is {kind} outside the gateway's namespace; use ClusterIP"
    elif kind is not None and kind not in _TYPES:
        yield f"spec.type {seen(kind)}; use ClusterIP"
    if item.spec.values("externalIPs"):
        yield "spec.externalIPs is set, so traffic of others to these addresses comes here; remove it"
    if kind == "ExternalName":
        name = item.spec.value("externalName")
        if not isinstance(name, str) or _is_local(name):
            yield f"spec.externalName {seen(name)}; name a host other than this one"
    if item.spec.unproved:
        yield f"spec {item.spec.unproved.value}; write it out"


def _is_local(name: str) -> bool:
    bare = text(name).rstrip(".").lower()
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare in ("", "localhost") or bare.endswith((".localhost", "localhost.localdomain"))


BAD = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: team}
spec: {type: LoadBalancer, ports: [{port: 80}]}
"""

GOOD = BAD.replace("LoadBalancer", "ClusterIP")

CONTROL = Control(
    id="NW-06",
    title=(
        "Services are ClusterIP; NodePort and LoadBalancer only in the gateway namespace; no externalIPs; no "
        "ExternalName to localhost"
    ),
    severity=Severity.HIGH,
    anchors=("Gatekeeper block-*", "CVE-2020-8554", "KSV-0108"),
    why="A Service that opens a port to the outside goes round the gateway, its tokens and its logs.",
    fix="Use ClusterIP and a route of the gateway; gatewayNamespaces names where gateways live.",
    bad=BAD,
    good=GOOD,
    kinds=("Service",),
    check=check,
)
