"""From the settings to the lab's topology: the one place where the two vocabularies meet."""

from __future__ import annotations

from config import gpu
from config.schema import ClusterSettings, GpuPool, PlatformSettings
from lab.topology import Cluster, Node, Taint, Topology

SYSTEM_CAPACITY = {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "200Gi", "pods": "110"}
SYSTEM_NODES = 2


def lab_topology(settings: PlatformSettings) -> Topology:
    """The lab clusters of the settings with a node for every simulated machine."""
    return Topology(
        clusters=tuple(_cluster(cluster) for cluster in settings.clusters if cluster.kind == "lab")
    )


def _cluster(cluster: ClusterSettings) -> Cluster:
    nodes = [_system_node(cluster, number) for number in range(1, SYSTEM_NODES + 1)]
    nodes += [
        _gpu_node(cluster, pool, number) for pool in cluster.gpu_pools for number in range(1, pool.nodes + 1)
    ]
    return Cluster(
        name=cluster.name,
        pod_cidr=str(cluster.network.pod_cidr),
        service_cidr=str(cluster.network.service_cidr),
        nodes=tuple(nodes),
    )


def _system_node(cluster: ClusterSettings, number: int) -> Node:
    name = f"{cluster.name}-system-{number}"
    return Node(
        name=name,
        labels=_common_labels(name, cluster),
        capacity=SYSTEM_CAPACITY,
    )


def _gpu_node(cluster: ClusterSettings, pool: GpuPool, number: int) -> Node:
    name = f"{cluster.name}-{pool.name}-{number}"
    return Node(
        name=name,
        labels=_common_labels(name, cluster) | gpu.node_labels(pool),
        taints=tuple(Taint(**taint) for taint in gpu.node_taints(pool)),
        capacity=gpu.capacity(pool),
    )


def _common_labels(name: str, cluster: ClusterSettings) -> dict[str, str]:
    return {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": cluster.region,
        "topology.kubernetes.io/zone": f"{cluster.region}-a",
    }
