"""A server in several copies: how they are replaced, spread, drained and reached."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi

from components.isolation.pod_hardening import hardened
from components.labels import selector
from components.manifest import Manifest, NamespaceRef, kubernetes_object


def rolling_deployment(
    app: str,
    replicas: int,
    template: Mapping[str, Any],
    namespace: NamespaceRef,
    labels: Mapping[str, str],
) -> Manifest:
    """Never fewer copies than asked for: a new one is ready before an old one goes."""
    spec = {
        "replicas": replicas,
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": selector(app)},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": dict(template),
    }
    return kubernetes_object("apps/v1", "Deployment", app, namespace=namespace, labels=labels, spec=spec)


def pod_template(labels: Mapping[str, str], pod: dict[str, Any], config_digest: str) -> dict[str, Any]:
    """A server's pods, hardened; a changed digest of its settings has them replaced."""
    annotations = {"mlops.platform/config-digest": config_digest}
    return {"metadata": {"labels": dict(labels), "annotations": annotations}, "spec": hardened(pod)}


def digest(settings: Mapping[str, str]) -> str:
    """Changes with the settings and with nothing else; in a template it has their pods replaced."""
    return hashlib.sha256(json.dumps(dict(settings), sort_keys=True).encode()).hexdigest()[:16]


def spread(app: str) -> list[dict[str, Any]]:
    """Over zones and nodes as far as there are any: one that is missing keeps no copy from running."""
    return [
        {
            "topologyKey": key,
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(app)},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def disruption_budget(app: str, namespace: NamespaceRef, labels: Mapping[str, str]) -> Manifest:
    """A drain moves one copy at a time, also an only one: otherwise its node could not be drained."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector(app)}}
    return kubernetes_object(
        "policy/v1", "PodDisruptionBudget", app, namespace=namespace, labels=labels, spec=spec
    )


def http_service(
    app: str, port: pulumi.Input[int], namespace: NamespaceRef, labels: Mapping[str, str]
) -> Manifest:
    """Reachable inside the cluster only; users come through the gateway, and the mesh brings TLS."""
    ports = [{"name": "http", "port": port, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}]
    spec = {"type": "ClusterIP", "selector": selector(app), "ports": ports}
    return kubernetes_object("v1", "Service", app, namespace=namespace, labels=labels, spec=spec)
