"""MS-08. Sources: Istio, Gateway and ServerTLSSettings; Kyverno restrict-virtual-service-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, seen, text
from controls.item import Item
from controls.mesh.names import GATEWAY, GATEWAY_API, VIRTUAL_SERVICE
from controls.settings import Settings

_VERSIONS: Final = (None, "TLS_AUTO", "TLSV1_2", "TLSV1_3")
_EAST_WEST: Final = 15443
"""The port of Istio's multi-cluster gateways, which pass every service of the mesh by its name (`*.local`)."""


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.type == VIRTUAL_SERVICE:
        yield from _hosts("spec.hosts", item.spec.values("hosts"))
    elif item.type == GATEWAY:
        for index, server in enumerate(item.spec.entries("servers")):
            yield from _server(f"spec.servers[{index}]", server)
    else:
        for index, listener in enumerate(item.spec.entries("listeners")):
            if not (listener.value("port") == _EAST_WEST and _passes(listener)):
                host = listener.value("hostname")
                yield from _hosts(f"spec.listeners[{index}].hostname", () if host is None else (host,))


def _server(where: str, server: Fields) -> Iterator[str]:
    port, tls = server.section("port"), server.section("tls")
    if not (port.value("number") == _EAST_WEST and _passes(server)):
        yield from _hosts(f"{where}.hosts", server.values("hosts"))
    version = tls.value("minProtocolVersion")
    if isinstance(version, Unproved) or version not in _VERSIONS:
        yield f"{where}.tls.minProtocolVersion {seen(version)}; use TLSV1_2 or TLSV1_3"
    if (
        text(port.value("protocol")).upper() in ("HTTP", "HTTP2", "GRPC")
        and tls.value("httpsRedirect") is not True
    ):
        yield f"{where} serves in clear; set tls.httpsRedirect to true"


def _passes(server: Fields) -> bool:
    mode = text(server.section("tls").value("mode")).upper().replace("_", "")
    return mode in ("PASSTHROUGH", "AUTOPASSTHROUGH")


def _hosts(where: str, hosts: tuple[object, ...]) -> Iterator[str]:
    for host in hosts:
        if not isinstance(host, str):
            yield f"{where} {seen(host)}; write the host out"
        elif "*" in host:
            yield f"{where} has a *; name each host"


BAD = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: team}
spec: {hosts: ["*"]}
"""

GOOD = BAD.replace("*", "www.example.com")

CONTROL = Control(
    id="MS-08",
    title=(
        "VirtualService and Gateway hosts have no `*`; Gateway servers are TLS 1.2 or later with httpsRedirect on "
        "port 80"
    ),
    severity=Severity.HIGH,
    anchors=("Kyverno restrict-virtual-service-wildcard",),
    why="A * takes the traffic of hosts that others add later; old TLS and plain HTTP can be read on the way.",
    fix="Name each host, leave minProtocolVersion at TLSV1_2 or later, and redirect port 80.",
    bad=BAD,
    good=GOOD,
    kinds=(VIRTUAL_SERVICE, GATEWAY, GATEWAY_API),
    check=check,
)
