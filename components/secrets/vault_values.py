"""Values of the charts of Vault and OpenBao, which are the same but for names: three members, closed and recorded.

Every key that is set here exists in the charts' own values; a chart does not refuse a key that it never reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.isolation.pod_hardening import container_security_context, pod_security_context
from components.labels import selector
from config import catalog
from config.catalog import Chart, Image
from config.schema import SecretBackend, SecretServer

PORT, CLUSTER_PORT = 8200, 8201
_ROLE = "eks.amazonaws.com/role-arn"


@dataclass(frozen=True, kw_only=True)
class Product:
    """What differs: the chart, the image as the chart's values spell it, and the prefix of its variables."""

    chart: Chart
    image: Mapping[str, str]
    prefix: str


def _tag(image: Image) -> str:
    return image.reference.removeprefix(f"{image.repository}:")


def product(backend: SecretBackend) -> Product:
    """Vault's chart names an image by repository and tag, OpenBao's by registry as well."""
    if backend == "vault":
        image = catalog.VAULT_IMAGE
        return Product(
            chart=catalog.VAULT_CHART,
            image={"repository": image.repository, "tag": _tag(image)},
            prefix="VAULT",
        )
    image = catalog.OPENBAO_IMAGE
    registry, _, repository = image.repository.partition("/")
    return Product(
        chart=catalog.OPENBAO_CHART,
        image={"registry": registry, "repository": repository, "tag": _tag(image)},
        prefix="BAO",
    )


def folder(backend: SecretBackend, part: str) -> str:
    """Where the server keeps `data` and `audit`, and finds `tls`."""
    return f"/{backend}/{part}"


def audit_file(backend: SecretBackend) -> str:
    """The file of the one audit device."""
    return f"{folder(backend, 'audit')}/audit.log"


def audit_device(file: str) -> dict[str, Any]:
    """The one audit device, in the words of both servers."""
    return {
        "type": "file",
        "path": "log",
        "description": "Every request and answer, secrets as keyed hashes",
        "options": {"file_path": file, "mode": "0600"},
    }


def members(backend: SecretBackend, server: SecretServer) -> tuple[str, ...]:
    """The host of every member, as the others call it."""
    return tuple(f"{backend}-{number}.{backend}-internal" for number in range(server.replicas))


def chart_values(
    backend: SecretBackend, server: SecretServer, certificate: str, common: Mapping[str, str]
) -> dict[str, Any]:
    """All values; `certificate` is the Secret with `tls.crt`, `tls.key` and `ca.crt`.

    Token reviews are allowed to callers (see `secret_store`), so the chart grants no `system:auth-delegator`.
    """
    return {
        "global": {"enabled": True, "tlsDisable": False},
        "injector": {"enabled": False},
        "csi": {"enabled": False},
        "ui": {"enabled": False, "serviceType": "ClusterIP"},
        "server": {
            "enabled": True,
            "image": dict(product(backend).image),
            "updateStrategyType": "OnDelete",
            "logFormat": "json",
            "dev": {"enabled": False},
            "standalone": {"enabled": False},
            "ha": _high_availability(backend, server),
            "authDelegator": {"enabled": False},
            "ingress": {"enabled": False},
            "networkPolicy": {"enabled": False},
            "serviceAccount": {"create": True, "annotations": {_ROLE: server.seal.role}},
            "dataStorage": _storage(backend, "data", server),
            "auditStorage": _storage(backend, "audit", server),
            **_pod(backend, certificate, common),
        },
    }


def server_config(backend: SecretBackend, server: SecretServer) -> dict[str, Any]:
    """The server's own configuration. OpenBao takes its audit device from here alone, Vault by its API alone."""
    tls = folder(backend, "tls")
    joins = [
        {
            "leader_api_addr": f"https://{member}:{PORT}",
            "leader_ca_cert_file": f"{tls}/ca.crt",
            "leader_tls_servername": member,
        }
        for member in members(backend, server)
    ]
    listener = {
        "address": f"[::]:{PORT}",
        "cluster_address": f"[::]:{CLUSTER_PORT}",
        "tls_cert_file": f"{tls}/tls.crt",
        "tls_key_file": f"{tls}/tls.key",
        "tls_min_version": "tls12",
    }
    return {
        "ui": True,
        "listener": [{"tcp": listener}],
        "storage": {"raft": {"path": folder(backend, "data"), "retry_join": joins}},
        "seal": [{"awskms": {"region": server.seal.region, "kms_key_id": server.seal.key_id}}],
        "service_registration": {"kubernetes": {}},
        **({"disable_mlock": True} if backend == "vault" else {"audit": [audit_device(audit_file(backend))]}),
    }


def _high_availability(backend: SecretBackend, server: SecretServer) -> dict[str, Any]:
    """A single member has no budget: one that allows nothing would keep its node from being drained (SR-02)."""
    pod_name = f"$({product(backend).prefix}_K8S_POD_NAME)"
    return {
        "enabled": True,
        "replicas": server.replicas,
        "apiAddr": f"https://{pod_name}.{backend}-internal:{PORT}",
        "raft": {
            "enabled": True,
            "setNodeId": True,
            "config": json.dumps(server_config(backend, server), indent=1, sort_keys=True),
        },
        "disruptionBudget": {"enabled": server.replicas > 1},
    }


def _storage(backend: SecretBackend, part: str, server: SecretServer) -> dict[str, Any]:
    return {
        "enabled": True,
        "size": server.storage,
        "storageClass": server.storage_class,
        "mountPath": folder(backend, part),
    }


def _pod(backend: SecretBackend, certificate: str, common: Mapping[str, str]) -> dict[str, Any]:
    """Restricted, each member on a node of its own. Sealed is alive: a restart would open nothing."""
    name = selector(backend)
    apart = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": name}}
    ready = "/v1/sys/health?standbyok=true"
    return {
        "statefulSet": {
            "securityContext": {"pod": pod_security_context(), "container": container_security_context()}
        },
        "extraLabels": {key: value for key, value in common.items() if key not in name},
        "extraEnvironmentVars": {f"{product(backend).prefix}_CACERT": f"{folder(backend, 'tls')}/ca.crt"},
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "2", "memory": "1Gi", "ephemeral-storage": "256Mi"},
        },
        "readinessProbe": {"enabled": True, "path": ready},
        "livenessProbe": {
            "enabled": True,
            "path": f"{ready}&sealedcode=204&uninitcode=204",
            "initialDelaySeconds": 30,
            "failureThreshold": 6,
        },
        "affinity": json.dumps(
            {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}}
        ),
        "topologySpreadConstraints": [
            {
                "topologyKey": "topology.kubernetes.io/zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": name},
            }
        ],
        "volumes": [
            {"name": "tls", "secret": {"secretName": certificate, "defaultMode": 0o440}},
            {"name": "scratch", "emptyDir": {"sizeLimit": "16Mi"}},
        ],
        "volumeMounts": [
            {"name": "tls", "mountPath": folder(backend, "tls"), "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - a path inside the container
        ],
    }
