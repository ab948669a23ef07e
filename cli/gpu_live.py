"""What is free on the GPU nodes of a cluster now, as its API server tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubernetes import client

from cli.cluster_api import cluster_api
from config.clusters import ClusterSettings
from config.gpu import MIG_STATE_LABEL, POOL_LABEL, PURPOSE_LABEL
from config.gpu_fit import GpuNode
from config.gpu_pool import GpuPool
from config.gpu_slices import GPU

_PREFIX = "nvidia.com/"
_OVER = {"Succeeded", "Failed"}
_POOLS_OWN = {GPU, PURPOSE_LABEL}
"""Taints that every node of a pool has, and that pods for it tolerate."""


def live_nodes(cluster: ClusterSettings, root: Path) -> Iterator[GpuNode]:
    """Nodes of the settings' pools. Raises CommandFailed where the cluster cannot be asked."""
    with cluster_api(cluster, root) as api:
        core = client.CoreV1Api(api)
        nodes = core.list_node(label_selector=POOL_LABEL).items
        pods = core.list_pod_for_all_namespaces(field_selector="spec.nodeName!=").items
    yield from free_nodes(
        cluster,
        [api.sanitize_for_serialization(node) for node in nodes],
        [api.sanitize_for_serialization(pod) for pod in pods],
    )


def free_nodes(
    cluster: ClusterSettings, nodes: list[dict[str, Any]], pods: list[dict[str, Any]]
) -> Iterator[GpuNode]:
    """The nodes with what their pods leave of them."""
    pools = {pool.name: pool for pool in cluster.gpu_pools}
    taken: dict[str, Counter[str]] = {}
    for pod in pods:
        if (pod.get("status") or {}).get("phase") not in _OVER:
            taken.setdefault(pod["spec"]["nodeName"], Counter()).update(requests(pod))
    for node in nodes:
        pool = pools.get(node["metadata"]["labels"][POOL_LABEL])
        if pool is None:
            continue
        name = node["metadata"]["name"]
        has = node["status"].get("allocatable") or {}
        used = taken.get(name, Counter())
        free = {key: int(count) - used[key] for key, count in has.items() if key.startswith(_PREFIX)}
        yield GpuNode(name=name, cluster=cluster.name, pool=pool, free=free, closed=closed(node, pool))


def requests(pod: Mapping[str, Any]) -> Counter[str]:
    """GPU resources that a pod holds: of all containers together, or of one that runs before them."""
    held: Counter[str] = Counter()
    for container in pod["spec"]["containers"]:
        held.update(_asked(container))
    for container in pod["spec"].get("initContainers") or ():
        before = _asked(container)
        if container.get("restartPolicy") == "Always":
            held.update(before)
        else:
            held |= before
    return held


def _asked(container: Mapping[str, Any]) -> Counter[str]:
    limits = (container.get("resources") or {}).get("limits") or {}
    return Counter({key: int(count) for key, count in limits.items() if key.startswith(_PREFIX)})


def closed(node: Mapping[str, Any], pool: GpuPool) -> str:
    """Why the node takes no pod, "" if it does."""
    labels, spec = node["metadata"]["labels"], node.get("spec") or {}
    if pool.gpu.mig and labels.get(MIG_STATE_LABEL) != "success":
        return f"MIG state {labels.get(MIG_STATE_LABEL, 'unknown')}"
    if spec.get("unschedulable"):
        return "cordoned"
    others = [
        taint["key"]
        for taint in spec.get("taints") or ()
        if taint["key"] not in _POOLS_OWN and taint["effect"] != "PreferNoSchedule"
    ]
    return f"taint {others[0]}" if others else ""
