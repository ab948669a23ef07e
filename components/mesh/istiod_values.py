"""Values of Istio's charts. Pure: the same for any source of charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.mesh.names import SYSTEM, TAG
from components.trust.mesh_intermediate import control_plane_values
from components.values import merged
from config import catalog
from config.mesh import MeshTelemetry, revision

TRACES, LOGS = "otel-traces", "otel-logs"
"""Extension providers, by which Telemetry names the collector."""

NO_KEYS_FROM = ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10", "fd00:ec2::254/128")
"""Ranges from which istiod fetches no keys for tokens (IST0175): itself, and the cloud's metadata."""

_SECCOMP = {"type": "RuntimeDefault"}


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who this cluster is in the mesh."""

    mesh_id: str
    trust_domain: str
    cluster: str
    network: str


def base_values(stable: str) -> dict[str, Any]:
    """CRDs and the validation of revision `stable`, and no object of a namespace. Istio's own account for other
    clusters, which may read every Secret, is not made: see `remote_reader`."""
    return {
        "global": {"istioNamespace": SYSTEM, "enableReaderRBAC": False, "resourceScope": "cluster"},
        "defaultRevision": revision(stable),
    }


def istiod_values(
    identity: Identity,
    version: str,
    *,
    stable: bool,
    telemetry: MeshTelemetry,
    labels: Mapping[str, str],
    authority: str | None,
    root: str = "1",
) -> dict[str, Any]:
    """One control plane. `stable`: it holds the tag that namespaces follow. `authority` is the PEM text of who signs
    the realm's certificate, None for a public authority.

    There are always two: nothing in the cluster measures load for an autoscaler.
    Credentials of other clusters are not watched: a gateway uses those of its own cluster. `root` names the root of
    the mesh that signs for this cluster.
    """
    own = {
        "revision": revision(version),
        "revisionTags": [TAG] if stable else [],
        "global": {
            "hub": catalog.ISTIO_HUB,
            "istioNamespace": SYSTEM,
            "enableReaderRBAC": False,
            "meshID": identity.mesh_id,
            "multiCluster": {"clusterName": identity.cluster},
            "network": identity.network,
            "proxy": {"seccompProfile": _SECCOMP},
            "networkPolicy": {"enabled": False},
        },
        "meshConfig": mesh_config(identity.trust_domain, telemetry),
        "cni": {"enabled": True},
        "env": {
            "PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER": "false",
            "BLOCKED_CIDRS_IN_JWKS_URIS": ",".join(NO_KEYS_FROM),
        },
        "gateways": {"seccompProfile": _SECCOMP},
        "jwksResolverExtraRootCA": authority or "",
        "seccompProfile": _SECCOMP,
        "autoscaleEnabled": False,
        "replicaCount": 2,
        "resources": _resources("500m", "2Gi", "4Gi"),
        "pdb": {"minAvailable": 1},
        "topologySpreadConstraints": [_spread(version)],
        "podLabels": dict(labels),
    }
    return merged(own, control_plane_values(root))


def mesh_config(trust_domain: str, telemetry: MeshTelemetry) -> dict[str, Any]:
    """What proxies do: nothing leaves the mesh but to what is registered, no application starts before its proxy,
    traces and access logs go to the collector."""
    collector = {"service": telemetry.collector.host, "port": telemetry.collector.port}
    return {
        "trustDomain": trust_domain,
        "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
        "accessLogFile": "",
        "enableTracing": True,
        "meshMTLS": {"minProtocolVersion": "TLSV1_3"},
        "pathNormalization": {"normalization": "DECODE_AND_MERGE_SLASHES"},
        "defaultConfig": {
            "holdApplicationUntilProxyStarts": True,
            "proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"},
        },
        "extensionProviders": [
            {"name": TRACES, "opentelemetry": collector},
            {"name": LOGS, "envoyOtelAls": collector},
        ],
    }


def cni_values(labels: Mapping[str, str]) -> dict[str, Any]:
    """The node agent that redirects pods' traffic, so that no pod needs rights over its own network. It chains to
    Cilium, which has to leave foreign configuration alone (`cni.exclusive: false`)."""
    return {
        "global": {"hub": catalog.ISTIO_HUB, "networkPolicy": {"enabled": False}},
        "chained": True,
        "seccompProfile": _SECCOMP,
        "resourceQuotas": {"enabled": False},
        "resources": _resources("100m", "100Mi", "512Mi"),
        "podLabels": dict(labels),
    }


def _resources(cpu: str, memory: str, most: str) -> dict[str, Any]:
    """The charts' own requests, with a bound on memory (WL-11)."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most}}


def _spread(version: str) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app": "istiod", "istio.io/rev": revision(version)}},
    }
