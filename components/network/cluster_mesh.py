"""Cilium's ClusterMesh: how each cluster shows its services and identities to the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.manifest import Manifest, NamespaceRef, kubernetes_object
from config.network_settings import ClusterMesh

ISSUER = "cluster-mesh"
"""The ClusterIssuer that signs for it: an authority of its own, since whoever it signs for reads all identities."""

PORT = 2379
SERVER = "clustermesh-apiserver"
_RECORD = "external-dns.alpha.kubernetes.io/hostname"


def cluster_mesh_values(cluster: str, names: Iterable[str], mesh: ClusterMesh | None) -> dict[str, Any]:
    """The chart's values; `names` are all clusters. A policy speaks of its own cluster alone unless it says so.

    The certificates are those of `certificates`: the chart's own ones would be made anew by every preview, with
    their keys in the state.
    """
    if mesh is None:
        return {"useAPIServer": False, "config": {"enabled": False}, "policyDefaultLocalCluster": True}
    others = {name: {"address": f"{name}.{mesh.domain}", "port": PORT} for name in names if name != cluster}
    service = {
        "type": "LoadBalancer",
        "annotations": {_RECORD: f"{cluster}.{mesh.domain}"},
    }
    return {
        "useAPIServer": True,
        "policyDefaultLocalCluster": True,
        "config": {"enabled": True, "domain": mesh.domain, "clusters": others},
        "apiserver": {
            "replicas": 2,
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            "service": service,
            "tls": {"authMode": "cluster", "auto": {"enabled": False}},
        },
    }


def common_names(cluster: str, namespace: str) -> dict[str, str]:
    """By part: the server, its administrator, the other clusters and this one's own agents. etcd knows a client by
    this name."""
    clients = {part: f"{part}-{cluster}" for part in ("admin", "remote", "local")}
    return {"server": f"{SERVER}.{namespace}.svc", **clients}


def server_names(cluster: str, mesh: ClusterMesh, namespace: str) -> tuple[str, str]:
    """The server's hosts: inside of its cluster, and for the others."""
    return (f"{SERVER}.{namespace}.svc", f"{cluster}.{mesh.domain}")


def certificates(cluster: str, mesh: ClusterMesh, namespace: NamespaceRef) -> dict[str, Manifest]:
    """The Certificates by part, in the Secrets that the chart reads."""
    hosts = server_names(cluster, mesh, namespace.name)
    return {
        part: _certificate(part, name, hosts if part == "server" else (), namespace)
        for part, name in common_names(cluster, namespace.name).items()
    }


def _certificate(part: str, name: str, hosts: tuple[str, ...], namespace: NamespaceRef) -> Manifest:
    """The server's is good for a client as well: etcd's own gateway is one."""
    secret = f"{SERVER}-{part}-cert"
    spec = {
        "secretName": secret,
        "commonName": name,
        **({"dnsNames": list(hosts)} if hosts else {}),
        "duration": "2160h",
        "renewBefore": "720h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "client auth", *(["server auth"] if hosts else [])],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": ISSUER},
    }
    return kubernetes_object("cert-manager.io/v1", "Certificate", secret, namespace=namespace, spec=spec)
