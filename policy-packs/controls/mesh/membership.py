"""MS-07. Sources: IST0102, IST0123; Istio, "Resource annotations" (what changes a proxy's traffic or itself)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields
from controls.item import Item
from controls.mesh.names import mesh_labels
from controls.pods import KINDS
from controls.settings import Settings

_INJECT: Final = "sidecar.istio.io/inject"
_DATAPLANE: Final = "istio.io/dataplane-mode"
_OVERRIDES: Final = frozenset(
    {
        "sidecar.istio.io/bootstrapOverride",
        "sidecar.istio.io/discoveryAddress",
        "sidecar.istio.io/interceptionMode",
        "sidecar.istio.io/proxyImage",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "traffic.sidecar.istio.io/excludeInterfaces",
        "traffic.sidecar.istio.io/excludeOutboundIPRanges",
        "traffic.sidecar.istio.io/excludeOutboundPorts",
        "traffic.sidecar.istio.io/includeInboundPorts",
        "traffic.sidecar.istio.io/includeOutboundIPRanges",
        "traffic.sidecar.istio.io/includeOutboundPorts",
        "traffic.sidecar.istio.io/kubevirtInterfaces",
    }
)


def check(item: Item, settings: Settings) -> Iterator[str]:
    if item.type == "Namespace":
        if item.name not in settings.mesh_free_namespaces:
            yield from _namespace(item)
    elif item.pod is not None and item.namespace not in settings.mesh_free_namespaces:
        yield from _opt_outs("label", item.pod.labels)
        yield from _opt_outs("annotation", item.pod.annotations)


def _namespace(item: Item) -> Iterator[str]:
    found = mesh_labels(item)
    if not found:
        yield "no label brings it into the mesh; set istio-injection: enabled, istio.io/rev or the ambient mode"
    elif len(found) > 1:
        yield f"labels {' and '.join(found)} contradict each other; keep one"


def _opt_outs(noun: str, given: Fields) -> Iterator[str]:
    inject = given.value(_INJECT)
    if inject is not None and inject not in ("true", True):
        yield f"pod: {noun} {_INJECT} is not true, so it leaves the mesh; remove it"
    if given.value(_DATAPLANE) == "none":
        yield f"pod: {noun} {_DATAPLANE} is none, so it leaves the mesh; remove it"
    for key, _ in given.present():
        if key in _OVERRIDES:
            yield f"pod: {noun} {key} goes round the proxy or replaces it; remove it"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team, annotations: {sidecar.istio.io/inject: "false"}}
spec: {containers: [{name: app}]}
"""

GOOD = BAD.replace('"false"', '"true"')

CONTROL = Control(
    id="MS-07",
    title=(
        "Tenant namespaces carry exactly one mesh label (injection, revision or ambient); pods never opt out "
        "(inject=false, excluded ports or ranges, interceptionMode, proxy image or bootstrap overrides)"
    ),
    severity=Severity.CRITICAL,
    anchors=("IST0102", "IST0123", "UDS RestrictIstio*Overrides"),
    why="A pod outside the mesh has no identity, and no policy of the mesh is asked about it.",
    fix="Label the namespace once and remove the pod's annotation; meshFreeNamespaces names those that stay out.",
    bad=BAD,
    good=GOOD,
    kinds=("Namespace", *KINDS),
    check=check,
)
