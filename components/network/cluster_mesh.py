"""Cilium's ClusterMesh: how each cluster shows its services and identities to the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.isolation import dns
from components.isolation.pod_hardening import container_security_context
from components.manifest import Manifest, NamespaceRef, kubernetes_object
from components.network.api_server import asking_api_server, tcp_ports
from config.network_settings import ClusterMesh

ISSUER = "cluster-mesh"
"""The ClusterIssuer that signs for it: an authority of its own, since whoever it signs for reads all identities."""

PORT = 2379
SERVER = "clustermesh-apiserver"
_RECORD = "external-dns.alpha.kubernetes.io/hostname"
_CLUSTER = "io.cilium.k8s.policy.cluster"
"""Of every pod that Cilium knows; a selector that does not name it means pods of its own cluster."""
_SCRATCH = {"name": "scratch", "mountPath": "/scratch"}
_RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}


@dataclass(frozen=True, kw_only=True)
class Member:
    """One cluster's part. `others` are the other clusters, `sources` the ranges (CIDR) from which all clusters' nodes
    and pods come, as the others see them."""

    cluster: str
    others: tuple[str, ...]
    domain: str
    sources: tuple[str, ...]


def cluster_mesh_values(member: Member | None) -> dict[str, Any]:
    """The chart's values. A policy speaks of its own cluster alone unless it says so.

    The certificates are those of `certificates`: the chart's own ones would be made anew by every preview, with
    their keys in the state.
    """
    if member is None:
        return {"useAPIServer": False, "config": {"enabled": False}, "policyDefaultLocalCluster": True}
    others = {name: {"address": _host(name, member.domain), "port": PORT} for name in member.others}
    service = {
        "type": "LoadBalancer",
        "annotations": {_RECORD: _host(member.cluster, member.domain)},
        "loadBalancerSourceRanges": list(member.sources),
    }
    return {
        "useAPIServer": True,
        "policyDefaultLocalCluster": True,
        "config": {"enabled": True, "domain": member.domain, "clusters": others},
        "apiserver": {
            "replicas": 2,
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "extraVolumes": [{"name": _SCRATCH["name"], "emptyDir": {"sizeLimit": "16Mi"}}],
            **_container(),
            "kvstoremesh": _container(),
            "etcd": {
                "securityContext": container_security_context(),
                "resources": dict(_RESOURCES),
                "init": {"resources": dict(_RESOURCES)},
            },
            "service": service,
            "tls": {"authMode": "cluster", "auto": {"enabled": False}},
        },
    }


def _host(cluster: str, domain: str) -> str:
    """Where the others find a cluster's server."""
    return f"{cluster}.{domain}"


def _container() -> dict[str, Any]:
    """Nothing of the image is written to; gops, a server of the process' own numbers, keeps a file of its port."""
    return {
        "securityContext": container_security_context(),
        "resources": dict(_RESOURCES),
        "extraEnv": [{"name": "GOPS_CONFIG_DIR", "value": _SCRATCH["mountPath"]}],
        "extraVolumeMounts": [dict(_SCRATCH)],
    }


def reached(member: Member, home: NamespaceRef, labels: Mapping[str, str]) -> Manifest:
    """The CiliumNetworkPolicy of the server's pods: all clusters' agents and servers ask them, and they ask the API
    server and the other clusters' servers. Who may read what is said by `certificates`, not here.

    A range stands for whom Cilium does not know: another cluster's nodes and pods, until the two are connected.
    """
    hosts = [{"matchName": _host(name, member.domain)} for name in member.others]
    server = {"matchLabels": {"k8s-app": SERVER}}
    members = {"key": _CLUSTER, "operator": "In", "values": [member.cluster, *member.others]}
    peers: list[dict[str, Any]] = [
        {"fromEntities": ["host", "remote-node"]},
        {"fromEndpoints": [{**server, "matchExpressions": [members]}]},
        {"fromCIDR": list(member.sources)},
    ]
    spec = {
        "endpointSelector": server,
        "ingress": [{**one, "toPorts": tcp_ports(PORT)} for one in peers],
        "egress": [
            asking_api_server(),
            dns.cilium_egress(hosts),
            {"toFQDNs": hosts, "toPorts": tcp_ports(PORT)},
        ],
    }
    return kubernetes_object(
        "cilium.io/v2", "CiliumNetworkPolicy", SERVER, namespace=home, labels=labels, spec=spec
    )


def common_names(cluster: str, namespace: str) -> dict[str, str]:
    """By part: the server, its administrator, the other clusters and this one's own agents. etcd knows a client by
    this name."""
    clients = {part: f"{part}-{cluster}" for part in ("admin", "remote", "local")}
    return {"server": f"{SERVER}.{namespace}.svc", **clients}


def server_names(cluster: str, mesh: ClusterMesh, namespace: str) -> tuple[str, str]:
    """The server's hosts: inside of its cluster, and for the others."""
    return (f"{SERVER}.{namespace}.svc", _host(cluster, mesh.domain))


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
