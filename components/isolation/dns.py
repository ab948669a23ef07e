"""Name resolution: the one egress that every pod needs, as both policy kinds spell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.isolation.namespace import NAME_LABEL

CLUSTER_DOMAIN = "cluster.local"

_NAMESPACE = "kube-system"
_PODS = {"k8s-app": "kube-dns"}
_PORT = 53


def network_policy_egress() -> dict[str, Any]:
    """The egress rule of a NetworkPolicy."""
    return {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {NAME_LABEL: _NAMESPACE}},
                "podSelector": {"matchLabels": dict(_PODS)},
            }
        ],
        "ports": [{"port": _PORT, "protocol": protocol} for protocol in ("UDP", "TCP")],
    }


def cilium_egress(names: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The egress rule of a CiliumNetworkPolicy, with the queries that its DNS proxy lets through.

    `toFQDNs` works only on answers that this proxy saw, so every FQDN allowance needs such a rule on the
    same endpoints (NW-05).
    """
    return {
        "toEndpoints": [
            {
                "matchLabels": {
                    "k8s:io.kubernetes.pod.namespace": _NAMESPACE,
                    **{f"k8s:{key}": value for key, value in _PODS.items()},
                }
            }
        ],
        "toPorts": [
            {
                "ports": [{"port": str(_PORT), "protocol": "ANY"}],
                "rules": {"dns": [dict(name) for name in names]},
            }
        ],
    }
