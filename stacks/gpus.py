"""A cluster's GPUs: how they are cut and shared, who prepares the nodes, and what pods may ask for."""

from __future__ import annotations

from collections.abc import Mapping

from components.gpu.admission import GpuAdmission, GpuAdmissionArgs
from components.gpu.claims import GpuClaims, GpuClaimsArgs
from components.gpu.gpu_guard import GpuGuard, GpuGuardArgs
from components.gpu.gpu_operator import GpuOperator, GpuOperatorArgs
from components.gpu.gpu_pool import APP, GpuPools, GpuPoolsArgs
from components.gpu.hours import GpuHours, GpuHoursArgs
from components.gpu.kueue import Kueue, KueueArgs
from components.gpu.queues import GpuQueues, GpuQueuesArgs
from components.gpu.telemetry import GpuTelemetry, GpuTelemetryArgs
from components.isolation.tenant_namespace import owner_of
from components.labels import Owner, labels, owner_labels
from components.manifest import NamespaceRef
from config.gpu import POOLS_OF
from config.gpu_slices import offered
from config.schema import PlatformSettings
from stacks.clusters import Cluster


def gpus(cluster: Cluster, settings: PlatformSettings, namespaces: Mapping[str, NamespaceRef]) -> None:
    """Everything that GPU pools need in their cluster; nothing where it has none. `namespaces` are the tenants'."""
    pools, owner = cluster.settings.gpu_pools, owner_of(settings.platform)
    if not pools:
        return
    common = labels(APP, "gpu", owner)
    name = f"{cluster.name}-gpu"
    configured = GpuPools(name, GpuPoolsArgs(pools=pools, labels=common), cluster.opts)
    GpuOperator(
        f"{name}-operator",
        GpuOperatorArgs(
            settings=settings.gpu,
            charts=settings.charts,
            configured=[configured.mig, configured.sharing],
            labels=owner_labels(owner),
        ),
        cluster.opts,
    )
    by_plugin = pools if settings.gpu.allocation == "device-plugin" else ()
    GpuAdmission(f"{name}-admission", GpuAdmissionArgs(pools=by_plugin, labels=common), cluster.opts)
    GpuGuard(f"{name}-guard", GpuGuardArgs(owner=owner), cluster.opts)
    users = [namespaces[tenant.name] for tenant in settings.tenants if POOLS_OF[tenant.purpose]]
    if settings.gpu.allocation == "dra":
        GpuClaims(f"{name}-claims", GpuClaimsArgs(pools=pools, namespaces=users, labels=common), cluster.opts)
    if settings.gpu.telemetry:
        GpuTelemetry(
            f"{name}-telemetry",
            GpuTelemetryArgs(cluster=cluster.name, receiver=settings.gpu.telemetry, owner=owner),
            cluster.opts,
        )
    if cluster.settings.gpu_queues:
        _queues(cluster, settings, namespaces, owner)


def _queues(
    cluster: Cluster, settings: PlatformSettings, namespaces: Mapping[str, NamespaceRef], owner: Owner
) -> None:
    """Kueue, and in it a queue for each team of the settings."""
    of_team: dict[str, list[NamespaceRef]] = {queue.team: [] for queue in cluster.settings.gpu_queues}
    for tenant in settings.tenants:
        if POOLS_OF[tenant.purpose] and tenant.team in of_team:
            of_team[tenant.team].append(namespaces[tenant.name])
    kueue = Kueue(
        f"{cluster.name}-kueue",
        KueueArgs(
            namespaces=[home.name for homes in of_team.values() for home in homes],
            resources=offered(cluster.settings.gpu_pools),
            settings=settings.gpu,
            charts=settings.charts,
            owner=owner,
        ),
        cluster.opts,
    )
    GpuQueues(
        f"{cluster.name}-queues",
        GpuQueuesArgs(
            pools=cluster.settings.gpu_pools,
            queues=cluster.settings.gpu_queues,
            namespaces=of_team,
            after=[kueue.installed] if kueue.installed else [],
            labels=labels("kueue", "gpu", owner),
        ),
        cluster.opts,
    )
    if settings.gpu.idle or any(queue.budget for queue in cluster.settings.gpu_queues):
        GpuHours(
            f"{cluster.name}-gpu-hours",
            GpuHoursArgs(
                pools=cluster.settings.gpu_pools,
                queues=cluster.settings.gpu_queues,
                idle=settings.gpu.idle,
                owner=owner,
            ),
            cluster.opts,
        )
