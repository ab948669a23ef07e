"""Values of cert-manager's chart.

Every key that is set here is one that the chart's schema has; the chart itself refuses any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.isolation.pod_hardening import container_security_context, pod_security_context
from components.tolerations import SYSTEM_NODES
from config import catalog
from config.catalog import Image

NAMESPACE = "kube-system"
"""Secrets of ClusterIssuers lie here too, and nobody makes pods here but who administers the cluster."""

APP = "cert-manager"
"""Name of the release, of the controller and of the ServiceAccount by which it enters the secret store."""

WEBHOOK_PORT = 10250
"""The chart's own."""


def chart_values(labels: Mapping[str, str]) -> dict[str, Any]:
    """Definitions, controller, webhook.

    Roles of people come from the permission matrix: the chart adds nothing to Kubernetes' own. The chart's check of
    its start is a hook, which never runs here. A Secret outlives its Certificate: nothing loses its key by mistake.
    """
    return {
        "global": {
            "commonLabels": dict(labels),
            "leaderElection": {"namespace": NAMESPACE},
            "priorityClassName": "system-cluster-critical",
            "rbac": {"create": True, "aggregateClusterRoles": False},
        },
        "crds": {"enabled": True, "keep": True},
        "enableCertificateOwnerRef": False,
        "serviceAccount": {"create": True, "name": APP},
        "startupapicheck": {"enabled": False},
        **_server(catalog.CERT_MANAGER_IMAGE, "100m", "128Mi", "512Mi"),
        "cainjector": _server(catalog.CERT_MANAGER_CAINJECTOR_IMAGE, "50m", "128Mi", "512Mi"),
        "webhook": _server(catalog.CERT_MANAGER_WEBHOOK_IMAGE, "50m", "64Mi", "256Mi"),
    }


def _server(image: Image, cpu: str, memory: str, most: str) -> dict[str, Any]:
    """Restricted, two that stand in for each other, also on nodes that are kept for the cluster itself."""
    return {
        "image": {"tag": image.tag, "digest": image.digest},
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "securityContext": pod_security_context(),
        "containerSecurityContext": container_security_context(),
        "tolerations": [dict(SYSTEM_NODES)],
        "resources": {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most}},
    }
