"""The platform, read aloud: for every cluster its tenants, its GPUs, its way to secrets and its MLflow."""

from __future__ import annotations

from typing import Any

from components.gpu.gpu_pool import GpuPools, GpuPoolsArgs
from components.isolation.tenant_namespace import TenantNamespace, TenantNamespaceArgs, owner_of
from components.secrets.secret_store import SecretStore, SecretStoreArgs
from components.tracking.mlflow import CLIENT_PURPOSES, Mlflow, MlflowArgs
from config import gpu
from config.schema import ClusterSettings, PlatformSettings
from stacks.clusters import Cluster, clusters
from stacks.exports import Deployed, exports


def build(settings: PlatformSettings) -> dict[str, Any]:
    """Declare the whole stack; the result is what it exports."""
    return exports([_in_cluster(cluster, settings) for cluster in clusters(settings.clusters)])


def _in_cluster(cluster: Cluster, settings: PlatformSettings) -> Deployed:
    platform = next(tenant for tenant in settings.tenants if tenant.purpose == "platform")
    tenants = {
        tenant.name: TenantNamespace(
            f"{cluster.name}-{tenant.name}",
            TenantNamespaceArgs(tenant=tenant, gpu_resources=_gpu_resources(cluster.settings)),
            cluster.opts,
        )
        for tenant in settings.tenants
    }
    if cluster.settings.gpu_pools:
        GpuPools(
            f"{cluster.name}-gpu",
            GpuPoolsArgs(pools=cluster.settings.gpu_pools, owner=owner_of(platform)),
            cluster.opts,
        )
    SecretStore(
        f"{cluster.name}-secrets",
        SecretStoreArgs(settings=settings.secrets, cluster=cluster.name, users=[platform.name]),
        cluster.opts,
    )
    mlflow = Mlflow(
        f"{cluster.name}-mlflow",
        MlflowArgs(
            namespace=tenants[platform.name].ref,
            clients=tuple(
                tenants[tenant.name].ref for tenant in settings.tenants if tenant.purpose in CLIENT_PURPOSES
            ),
            tracking=settings.tracking,
            owner=owner_of(platform),
        ),
        cluster.opts,
    )
    return Deployed(cluster=cluster, platform=platform.name, tenants=tenants, mlflow=mlflow)


def _gpu_resources(cluster: ClusterSettings) -> frozenset[str]:
    return frozenset(resource for pool in cluster.gpu_pools for resource in gpu.allocatable(pool))
