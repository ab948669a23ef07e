"""Istio's types, which namespaces are in the mesh, and which charts make it.

Sources: Istio, "Installing the sidecar", "Ambient mode: add workloads", security API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.fields import Unproved, text
from controls.item import Item
from controls.stack import CHARTS, Stack

PEER_AUTHENTICATION: Final = "PeerAuthentication.security.istio.io"
REQUEST_AUTHENTICATION: Final = "RequestAuthentication.security.istio.io"
AUTHORIZATION: Final = "AuthorizationPolicy.security.istio.io"
TELEMETRY: Final = "Telemetry.telemetry.istio.io"
DESTINATION_RULE: Final = "DestinationRule.networking.istio.io"
GATEWAY: Final = "Gateway.networking.istio.io"
SERVICE_ENTRY: Final = "ServiceEntry.networking.istio.io"
SIDECAR: Final = "Sidecar.networking.istio.io"
VIRTUAL_SERVICE: Final = "VirtualService.networking.istio.io"
GATEWAY_API: Final = "Gateway.gateway.networking.k8s.io"

_MESH_LABELS: Final = (
    ("istio-injection", ("enabled",)),
    ("istio.io/rev", None),
    ("istio.io/dataplane-mode", ("ambient",)),
)
"""Label of a namespace, and the values that bring it into the mesh (None: any)."""


def mesh_labels(namespace: Item) -> list[str]:
    """The labels that bring a namespace into the mesh; one whose value is not known is one of them."""
    found = []
    for label, values in _MESH_LABELS:
        value = namespace.labels.value(label)
        if value is Unproved.UNKNOWN or (
            isinstance(value, str) and value and (not values or value in values)
        ):
            found.append(label)
    return found


def charts(stack: Stack, name: str) -> list[Item]:
    """The charts of that name, of all clusters, from whatever repository and by digest as well."""
    return [one for one in stack.of(*CHARTS) if _name(text(one.fields.value("chart"))) == name]


def _name(chart: str) -> str:
    return chart.partition("@")[0].rpartition("/")[2]


def meshed(stack: Stack, cluster: str) -> Iterator[Item]:
    """The namespaces of a cluster that are in the mesh."""
    return (one for one in stack.of_cluster(cluster, "Namespace") if mesh_labels(one))
