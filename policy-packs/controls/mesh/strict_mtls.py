"""MS-01. Source: Istio, "PeerAuthentication": a mode that is not set, or UNSET, is the one above it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Unproved, fields, seen
from controls.item import Item
from controls.mesh.names import PEER_AUTHENTICATION
from controls.settings import Settings

_ALLOWED: Final = (None, "STRICT", "UNSET")


def check(item: Item, _: Settings) -> Iterator[str]:
    modes = [("spec.mtls.mode", item.spec.section("mtls").value("mode"))]
    ports = item.spec.section("portLevelMtls")
    if ports.unproved:
        modes.append(("spec.portLevelMtls", ports.unproved))
    modes += [
        (f"spec.portLevelMtls[{n}].mode", fields(port).value("mode"))
        for n, (_, port) in enumerate(ports.present())
    ]
    for where, mode in modes:
        if isinstance(mode, Unproved) or mode not in _ALLOWED:
            yield f"{where} {f'is {mode}' if mode in ('PERMISSIVE', 'DISABLE') else seen(mode)}; use STRICT"


BAD = """\
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: team}
spec:
  mtls: {mode: STRICT}
  portLevelMtls: {8080: {mode: PERMISSIVE}}
"""

GOOD = BAD.replace("PERMISSIVE", "STRICT")

CONTROL = Control(
    id="MS-01",
    title="PeerAuthentication never PERMISSIVE or DISABLE, at any level, port level included",
    severity=Severity.CRITICAL,
    anchors=("Kyverno enforce-strict-mtls", "Istio best practices"),
    why="In permissive mode a caller without a certificate has no identity, and is served all the same.",
    fix="Use STRICT, or leave the mode to the mesh-wide policy.",
    bad=BAD,
    good=GOOD,
    kinds=(PEER_AUTHENTICATION,),
    check=check,
)
