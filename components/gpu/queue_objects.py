"""A cluster's queues as Kueue's objects (kueue.x-k8s.io/v1beta2). Pure: settings in, manifests out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components.isolation.namespace import NAME_LABEL
from components.manifest import Manifest, NamespaceRef, kubernetes_object
from config.gpu import GPU, POOL_LABEL, node_taints
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from config.gpu_slices import offered

COHORT = "mlops"
TOPOLOGY = "mlops"
DEFAULT_QUEUE = "default"
"""Kueue puts everything of a namespace that names no queue into the one of this name."""

PRIORITIES: Mapping[str, tuple[int, str]] = {
    "production-retrain": (1000, "Training of a model that is in production."),
    "experiment": (500, "Training that somebody tries out."),
    "dev-environment": (100, "A development environment: it waits for, and makes room for, everything else."),
}
"""WorkloadPriorityClasses: value and description. They order workloads in queues, not pods on nodes."""

_API = "kueue.x-k8s.io/v1beta2"
_LEVELS = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")


def topology(labels: Mapping[str, str]) -> Manifest:
    """Where pods of one run can be near each other: a run may ask for one zone or for one node."""
    spec = {"levels": [{"nodeLabel": label} for label in _LEVELS]}
    return kubernetes_object(_API, "Topology", TOPOLOGY, labels=labels, spec=spec)


def flavor(pool: GpuPool, labels: Mapping[str, str]) -> Manifest:
    """One pool. Whoever is admitted to it tolerates GPU nodes; the pool's purpose the pod tolerates by itself, so
    that no run of development is put on training nodes."""
    tolerated = {"key": GPU, "operator": "Exists", "effect": "NoSchedule"}
    spec = {
        "nodeLabels": {POOL_LABEL: pool.name},
        "nodeTaints": node_taints(pool),
        "tolerations": [tolerated],
        **({"topologyName": TOPOLOGY} if pool.purpose == "training" else {}),
    }
    return kubernetes_object(_API, "ResourceFlavor", pool.name, labels=labels, spec=spec)


def priority_class(name: str, labels: Mapping[str, str]) -> Manifest:
    """One of `PRIORITIES`."""
    value, description = PRIORITIES[name]
    return kubernetes_object(
        _API, "WorkloadPriorityClass", name, labels=labels, value=value, description=description
    )


def cluster_queue(
    queue: GpuQueue, pools: Sequence[GpuPool], namespaces: Iterable[str], labels: Mapping[str, str]
) -> Manifest:
    """A team's quotas. It takes back what it lent from whoever has it, and inside its own queue the higher priority
    goes first; with fair sharing on, nothing else decides who gives way to whom."""
    selector = {"key": NAME_LABEL, "operator": "In", "values": sorted(namespaces)}
    spec = {
        "cohortName": COHORT,
        "namespaceSelector": {"matchExpressions": [selector]},
        "queueingStrategy": "BestEffortFIFO",
        "preemption": {"withinClusterQueue": "LowerPriority", "reclaimWithinCohort": "Any"},
        "fairSharing": {"weight": str(queue.weight)},
        "resourceGroups": resource_groups(queue, [pool for pool in pools if pool.name in queue.quotas]),
    }
    return kubernetes_object(_API, "ClusterQueue", queue.team, labels=labels, spec=spec)


def local_queue(queue: str, namespace: NamespaceRef, labels: Mapping[str, str]) -> Manifest:
    """The way into the team's queue from one of its namespaces."""
    spec = {"clusterQueue": queue}
    return kubernetes_object(_API, "LocalQueue", DEFAULT_QUEUE, namespace=namespace, labels=labels, spec=spec)


def resource_groups(queue: GpuQueue, pools: Sequence[GpuPool]) -> list[dict[str, Any]]:
    """Pools that share a resource are one group, since a resource may be in one group only, and every flavor of a
    group says something of each of its resources: nothing, where the pool does not have it."""
    groups: list[tuple[set[str], list[GpuPool]]] = []
    for pool in pools:
        covered, members = set(offered([pool])) & set(queue.quotas[pool.name]), [pool]
        for group in [one for one in groups if one[0] & covered]:
            groups.remove(group)
            covered, members = covered | group[0], [*group[1], *members]
        groups.append((covered, members))
    return [_group(queue, sorted(covered), members) for covered, members in groups]


def _group(queue: GpuQueue, covered: Sequence[str], pools: Sequence[GpuPool]) -> dict[str, Any]:
    flavors = [
        {"name": pool.name, "resources": [_quota(queue, pool, resource) for resource in covered]}
        for pool in pools
    ]
    return {"coveredResources": list(covered), "flavors": flavors}


def _quota(queue: GpuQueue, pool: GpuPool, resource: str) -> dict[str, Any]:
    quota = queue.quotas[pool.name].get(resource)
    if quota is None:
        return {"name": resource, "nominalQuota": 0, "borrowingLimit": 0}
    limits = {"borrowingLimit": quota.borrowing, "lendingLimit": quota.lending}
    given = {key: value for key, value in limits.items() if value is not None}
    return {"name": resource, "nominalQuota": quota.nominal, **given}
