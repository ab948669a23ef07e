"""Where a pod that asks for slices would land, or why nowhere. Pure: nodes in, an answer out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.closest import or_list
from config.clusters import ClusterSettings, most_nodes
from config.gpu_pool import GpuPool
from config.gpu_slices import SHARED, Slice, slices


@dataclass(frozen=True, kw_only=True)
class GpuNode:
    """A node of a pool. `free` is what is left of its GPU resources; `closed` says why it takes no pod now, and is
    empty for one that does."""

    name: str
    cluster: str
    pool: GpuPool
    free: Mapping[str, int]
    closed: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One pod's request: `count` slices of a kind (a MIG profile, `whole` or `shared`), all on one node. Left out,
    purpose and model do not matter."""

    kind: str
    count: int = 1
    purpose: str | None = None
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`node` is the one with the least left over of those that can take the pod, None where `reason` says why there
    is none; `able` is how many can."""

    node: GpuNode | None = None
    able: int = 0
    reason: str = ""


def nodes_of(clusters: Sequence[ClusterSettings]) -> Iterator[GpuNode]:
    """Every GPU node of the settings as it starts: nothing runs there."""
    for cluster in clusters:
        for pool in cluster.gpu_pools:
            free = {one.resource: one.per_node for one in slices(pool)}
            for number in range(1, pool.nodes + 1):
                name = f"{cluster.name}-{pool.name}-{number}"
                yield GpuNode(name=name, cluster=cluster.name, pool=pool, free=free)


def fit(clusters: Sequence[ClusterSettings], nodes: Sequence[GpuNode], wanted: Wanted) -> Answer:
    """The node that the pod would land on, or the first reason that keeps it off all of them.

    Of the nodes that can take it, the one with the fewest slices of that kind left: what is whole stays whole.
    """
    offers = {
        (cluster.name, pool.name): (cluster, pool, one)
        for cluster in clusters
        for pool in cluster.gpu_pools
        for one in slices(pool)
        if one.kind == wanted.kind
    }
    suitable = {key: offer for key, offer in offers.items() if _suits(offer[1], wanted)}
    if not suitable or not any(wanted.count <= one.most_per_container for _, _, one in suitable.values()):
        return Answer(reason=_never(clusters, [offer[1:] for offer in offers.values()], wanted))
    here = [
        (node, suitable[node.cluster, node.pool.name][2])
        for node in nodes
        if (node.cluster, node.pool.name) in suitable
    ]
    able = [
        (node.free.get(one.resource, 0), index, node)
        for index, (node, one) in enumerate(here)
        if not node.closed and wanted.count <= min(node.free.get(one.resource, 0), one.most_per_container)
    ]
    if able:
        return Answer(node=min(able)[2], able=len(able))
    return Answer(reason=_not_now(here, list(suitable.values()), wanted))


def _suits(pool: GpuPool, wanted: Wanted) -> bool:
    return wanted.purpose in (None, pool.purpose) and wanted.model in (None, pool.model)


def _never(
    clusters: Sequence[ClusterSettings], offers: Sequence[tuple[GpuPool, Slice]], wanted: Wanted
) -> str:
    """Why no node of these pools could ever take it."""
    if not offers:
        kinds = {one.kind for cluster in clusters for pool in cluster.gpu_pools for one in slices(pool)}
        rest = or_list(wanted.kind, sorted(kinds)) if kinds else "there is no GPU pool"
        return f"no pool offers {wanted.kind!r}: {rest}"
    suitable = [one for pool, one in offers if _suits(pool, wanted)]
    if not suitable:
        others = sorted({f"{pool.name} ({pool.model}, {pool.purpose})" for pool, _ in offers})
        return f"no pool of that purpose and model offers {wanted.kind!r}; others do: {', '.join(others)}"
    if wanted.kind == SHARED:
        return "a container gets one share: the device plugin refuses more, since a share is no fraction of a GPU"
    most = max(one.most_per_container for one in suitable)
    return f"a node has at most {most} of {wanted.kind!r}, and a pod is on one node: ask for fewer in each of more pods"


def _not_now(
    here: Sequence[tuple[GpuNode, Slice]],
    suitable: Sequence[tuple[ClusterSettings, GpuPool, Slice]],
    wanted: Wanted,
) -> str:
    """Why none of the nodes that there are can take it now, and what could."""
    if not here:
        growing = [(pool, most_nodes(cluster, pool)) for cluster, pool, _ in suitable]
        sizes = ", ".join(f"{pool.name} to {most}" for pool, most in growing)
        return f"no node is there yet: the pools grow from nothing ({sizes} nodes)"
    open_nodes = [(node, one) for node, one in here if not node.closed]
    if not open_nodes:
        why = sorted({node.closed for node, _ in here})
        return f"all {len(here)} nodes that offer it take no pods: {', '.join(why)}"
    left = max(node.free.get(one.resource, 0) for node, one in open_nodes)
    return f"{len(open_nodes)} nodes offer it, and none has {wanted.count} free: the most that one has left is {left}"
