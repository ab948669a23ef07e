"""Names that several parts of the mesh share."""

from __future__ import annotations

from collections.abc import Mapping

SYSTEM = "istio-system"
"""Namespace of the control plane; what stands there without a selector holds for the whole mesh."""

GATEWAYS = "istio-gateways"
"""Namespace of the gateways: Istio makes their Deployments and Services there."""

ISTIOD = "istiod"
INGRESS = "ingress"
EAST_WEST = "east-west"

TAG = "stable"
"""Revision tag that every meshed namespace follows: an upgrade moves the tag, not the namespaces."""

XDS_PORT = 15012
WEBHOOK_PORT = 15017
EAST_WEST_PORT = 15443

NETWORK_LABEL = "topology.istio.io/network"


def meshed() -> Mapping[str, str]:
    """The one label by which a namespace joins the mesh (MS-07)."""
    return {"istio.io/rev": TAG}


def principal(trust_domain: str, namespace: str, account: str) -> str:
    """The identity of a ServiceAccount, in whichever cluster of the mesh its pod runs."""
    return f"{trust_domain}/ns/{namespace}/sa/{account}"


def gateway_account(gateway: str) -> str:
    """The ServiceAccount that Istio makes for a gateway of its class."""
    return f"{gateway}-istio"
