"""Values of external-secrets' chart: once for its definitions, once for what runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.isolation.pod_hardening import container_security_context, pod_security_context
from components.tolerations import SYSTEM_NODES


def definitions_values() -> dict[str, Any]:
    """The kinds, and nothing that runs or has rights."""
    return {
        "installCRDs": True,
        "createOperator": False,
        "rbac": {"create": False},
        "serviceAccount": {"create": False},
        **_without_webhook(),
    }


def operator_values(account: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """The controller in two copies, of which one leads, under an `account` that is there already.

    It gets no right to other accounts' tokens: each that it may use is named by a role of its own. It looks for no
    kinds that this program does not use, and gives nobody's role a right to its objects. Secrets are in its reach in
    every namespace: the chart limits them to all or to one.
    """
    return {
        "installCRDs": False,
        "replicaCount": 2,
        "leaderElect": True,
        "commonLabels": dict(labels),
        "serviceAccount": {"create": False, "name": account},
        "rbac": {
            "create": True,
            "serviceAccountTokenCreate": False,
            "servicebindings": {"create": False},
            "aggregateToView": False,
            "aggregateToEdit": False,
            "aggregateToAdmin": False,
        },
        "openshiftFinalizers": False,
        "processClusterExternalSecret": False,
        "processClusterPushSecret": False,
        "processClusterGenerator": False,
        "processPushSecret": False,
        "podSecurityContext": pod_security_context(),
        "securityContext": container_security_context(),
        "livenessProbe": {"enabled": True},
        "readinessProbe": {"enabled": True},
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
        "tolerations": [dict(SYSTEM_NODES)],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        **_without_webhook(),
    }


def _without_webhook() -> dict[str, Any]:
    """The API server checks every object against its definition, and what this program declares was checked before:
    a webhook would add a server that has to answer, and one more that makes its certificate."""
    return {"webhook": {"create": False}, "certController": {"create": False}}
