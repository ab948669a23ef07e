"""What GPU pools, queues and tenants must be to each other. Pure: parts in, findings out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from config.checks import Finding, Path, as_key
from config.closest import or_list
from config.clusters import ClusterSettings, most_nodes
from config.gpu import POOLS_OF
from config.gpu_pool import GpuPool, Mps, TimeSlicing
from config.gpu_queues import SliceQuota
from config.gpu_settings import GpuSettings
from config.gpu_slices import offered, slices
from config.tenants import TenantSettings


def gpu_findings(
    clusters: Mapping[int, ClusterSettings],
    tenants: Mapping[int, TenantSettings],
    gpu: GpuSettings | None,
    *,
    all_clusters: bool = True,
    all_tenants: bool = True,
) -> tuple[Finding, ...]:
    """Everything that does not fit. The mappings go from the index in the settings to the part; `all_clusters` and
    `all_tenants` say that none was left out as invalid: only then can one be missing."""
    found: list[Finding] = []
    if all_clusters and gpu and gpu.idle and not any(cluster.gpu_queues for cluster in clusters.values()):
        remedy = (
            "leave it out, or add gpuQueues to a cluster: environments are looked at where Kueue admits them"
        )
        found.append(Finding(path=("gpu", "idle"), given="no cluster with gpuQueues", remedy=remedy))
    for index, cluster in clusters.items():
        unknown = tuple(_known(index, cluster))
        found += unknown
        found += _existing(index, cluster)
        found += () if unknown else _lent(index, cluster)
        found += _budgets(index, cluster)
        found += _claimable(index, cluster, gpu) if gpu else ()
        if all_tenants and cluster.gpu_queues:
            found += _teams(index, cluster, tenants)
    return tuple(found)


_Entry = tuple[Path, str, str, str, SliceQuota]
"""Path, team, pool, resource and quota."""


def _quotas(index: int, cluster: ClusterSettings) -> Iterator[_Entry]:
    """Every quota whose pool and resource are there."""
    pools = {pool.name: pool for pool in cluster.gpu_pools}
    for at, queue in enumerate(cluster.gpu_queues):
        for name, quotas in queue.quotas.items():
            for resource, quota in quotas.items():
                if name in pools and resource in offered([pools[name]]):
                    path: Path = ("clusters", index, "gpuQueues", at, "quotas", name, resource)
                    yield path, queue.team, name, resource, quota


def _known(index: int, cluster: ClusterSettings) -> Iterator[Finding]:
    pools = {pool.name: pool for pool in cluster.gpu_pools}
    teams: dict[str, int] = {}
    for at, queue in enumerate(cluster.gpu_queues):
        path: Path = ("clusters", index, "gpuQueues", at)
        if queue.team in teams:
            other = as_key("settings", ("clusters", index, "gpuQueues", teams[queue.team]))
            remedy = f"put its quotas together: {other} is the same team's"
            yield Finding(path=(*path, "team"), given=repr(queue.team), remedy=remedy)
        teams.setdefault(queue.team, at)
        for name, quotas in queue.quotas.items():
            if name not in pools:
                rest = or_list(name, pools) if pools else "leave the queue out, or add a pool"
                remedy = f"no GPU pool of this cluster has that name: {rest}"
                yield Finding(path=(*path, "quotas", name), given=repr(name), remedy=remedy)
                continue
            known = offered([pools[name]])
            for resource in quotas:
                if resource not in known:
                    remedy = f"pool {name!r} does not offer it: {or_list(resource, known)}"
                    yield Finding(path=(*path, "quotas", name, resource), given=repr(resource), remedy=remedy)


def _existing(index: int, cluster: ClusterSettings) -> Iterator[Finding]:
    """What is promised to teams is there, all at once."""
    pools = {pool.name: pool for pool in cluster.gpu_pools}
    promised: dict[tuple[str, str], int] = {}
    for path, _, name, resource, quota in _quotas(index, cluster):
        before = promised.get((name, resource), 0)
        promised[name, resource] = before + quota.nominal
        most = existing(cluster, pools[name], resource)
        if before <= most < promised[name, resource]:
            remedy = (
                f"use at most {most - before}: pool {name!r} has {most} of them, and other queues {before}"
            )
            yield Finding(path=(*path, "nominal"), given=str(quota.nominal), remedy=remedy)


def existing(cluster: ClusterSettings, pool: GpuPool, resource: str) -> int:
    """How many of a resource the pool has when it is as large as it may get."""
    each = sum(one.per_node for one in slices(pool) if one.resource == resource)
    return each * most_nodes(cluster, pool)


def _lent(index: int, cluster: ClusterSettings) -> Iterator[Finding]:
    """Nobody counts on more than the cohort has to lend."""
    quotas = list(_quotas(index, cluster))
    for path, team, name, resource, quota in quotas:
        others = sum(
            one.lent
            for _, other, pool, kind, one in quotas
            if (pool, kind) == (name, resource) and other != team
        )
        if quota.borrowing is not None and quota.borrowing > others:
            remedy = f"use at most {others}: that is all that the other queues of the cohort lend"
            yield Finding(path=(*path, "borrowing"), given=str(quota.borrowing), remedy=remedy)


def _budgets(index: int, cluster: ClusterSettings) -> Iterator[Finding]:
    """A budget that a team's own quota uses up within an hour would hold its queue at once."""
    worth = {(pool.name, one.resource): one.gpus for pool in cluster.gpu_pools for one in slices(pool)}
    running: dict[str, Fraction] = {}
    for _, team, name, resource, quota in _quotas(index, cluster):
        running[team] = running.get(team, Fraction()) + quota.nominal * worth[name, resource]
    for at, queue in enumerate(cluster.gpu_queues):
        gpus = running.get(queue.team, Fraction())
        if queue.budget and queue.budget.gpu_hours < gpus:
            remedy = f"use at least {math.ceil(gpus)}: that is what runs in one hour, with all of the team's own quota"
            path: Path = ("clusters", index, "gpuQueues", at, "budget", "gpuHours")
            yield Finding(path=path, given=str(queue.budget.gpu_hours), remedy=remedy)


def _claimable(index: int, cluster: ClusterSettings, gpu: GpuSettings) -> Iterator[Finding]:
    for at, pool in enumerate(cluster.gpu_pools):
        if gpu.allocation == "dra" and isinstance(pool.sharing, TimeSlicing | Mps):
            remedy = (
                "use 'mig' or 'whole', or gpu.allocation 'device-plugin': with Dynamic Resource Allocation a "
                "claim is for a whole GPU or for an instance"
            )
            path: Path = ("clusters", index, "gpuPools", at, "sharing", "strategy")
            yield Finding(path=path, given=repr(pool.sharing.strategy), remedy=remedy)


def _teams(index: int, cluster: ClusterSettings, tenants: Mapping[int, TenantSettings]) -> Iterator[Finding]:
    """A queue has tenants, and whoever may have GPUs has a queue: otherwise it would go past all of them."""
    users = {tenant.team for tenant in tenants.values() if POOLS_OF[tenant.purpose]}
    queued = {queue.team for queue in cluster.gpu_queues}
    for at, queue in enumerate(cluster.gpu_queues):
        if queue.team not in users:
            remedy = f"no tenant that may use GPUs is theirs: {or_list(queue.team, sorted(users))}"
            path: Path = ("clusters", index, "gpuQueues", at, "team")
            yield Finding(path=path, given=repr(queue.team), remedy=remedy)
    here = offered(cluster.gpu_pools)
    for tenant in tenants.values():
        granted = [one for one, count in tenant.quota.gpus.items() if count and one in here]
        if granted and tenant.team not in queued:
            remedy = f"add one: tenant {tenant.name!r} may have {granted[0]}, and would go past all queues"
            path = ("clusters", index, "gpuQueues")
            yield Finding(path=path, given=f"no queue of team {tenant.team!r}", remedy=remedy)
