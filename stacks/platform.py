"""The platform, read aloud: for every cluster its tenants, its GPUs, its way to secrets and its MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.access.cluster_access import ClusterAccess, ClusterAccessArgs
from components.access.ownership import Ownership, OwnershipArgs
from components.access.token_maker import TokenMaker, TokenMakerArgs
from components.admission.twins import UNPINNED, AdmissionTwins, AdmissionTwinsArgs
from components.isolation.tenant_namespace import TenantNamespace, TenantNamespaceArgs, owner_of
from components.labels import Owner, labels
from components.manifest import NamespaceRef
from components.mesh.allow_nothing import AllowNothing, AllowNothingArgs
from components.mesh.names import SYSTEM, meshed
from components.mesh.remote_secrets import ACCOUNT as REMOTE
from components.mesh.tracking_access import TrackingAccess, TrackingAccessArgs
from components.network.fqdn_egress import https_destination
from components.secrets.secret_store import OPERATOR, SecretStore, SecretStoreArgs
from components.tracking.gate import GateArgs, TrackingGate
from components.tracking.mlflow import CLIENT_PURPOSES, Mlflow, MlflowArgs
from components.tracking.mlflow_server import APP as MLFLOW
from config.access import MATRIX
from config.gpu_slices import offered
from config.schema import ClusterSettings, PlatformSettings
from config.tenants import TenantPurpose
from stacks.clusters import Cluster, clusters
from stacks.exports import Deployed, exports
from stacks.gpus import gpus
from stacks.hosted import hosted, store_account, store_settings, store_users
from stacks.identity import identity
from stacks.mesh import ground, join
from stacks.secrets import Secrets, asked_for, secrets, workload_accounts
from stacks.trust import authorities, reviewers


def build(settings: PlatformSettings, database_password: pulumi.Input[str] | None = None) -> dict[str, Any]:
    """Declare the whole stack; the result is what it exports.

    `database_password` is the secret of the role that makes logins to MLflow's database.
    """
    estate = clusters(settings)
    stored = secrets(settings, estate, identity(settings), database_password)
    return exports([_in_cluster(cluster, settings, stored) for cluster in estate])


def _in_cluster(cluster: Cluster, settings: PlatformSettings, stored: Secrets) -> Deployed:
    platform = settings.platform
    mesh = ground(cluster, settings, stored.trust, owner_of(platform))
    tenants = {
        tenant.name: TenantNamespace(
            f"{cluster.name}-{tenant.name}",
            TenantNamespaceArgs(tenant=tenant, gpu_resources=_gpu_resources(cluster.settings), mesh=meshed()),
            cluster.opts,
        )
        for tenant in settings.tenants
    }
    _grant(cluster, settings, tenants, owner_of(platform))
    store = SecretStore(
        f"{cluster.name}-secrets",
        SecretStoreArgs(
            settings=store_settings(settings, cluster.settings),
            cluster=cluster.name,
            users=[platform.name, *store_users(settings, cluster.settings)],
            reviewers=[
                *(
                    (one.namespace, one.name)
                    for one in workload_accounts(settings, cluster.settings).values()
                ),
                *store_account(settings, cluster.settings),
                *reviewers(settings),
            ],
            charts=settings.charts,
            owner=owner_of(platform),
        ),
        cluster.opts,
    )
    homes = {platform.name: tenants[platform.name].ref, OPERATOR: store.ref, SYSTEM: mesh.system}
    TokenMaker(
        f"{cluster.name}-secrets-tokens",
        TokenMakerArgs(
            maker=(OPERATOR, OPERATOR),
            accounts=[(account, homes[home]) for home, account in asked_for(settings, cluster.settings)],
            labels=labels(OPERATOR, "secrets", owner_of(platform)),
        ),
        cluster.opts,
    )
    servers = hosted(cluster, settings, store.ref, mesh.gateways, owner_of(platform))
    authorities(cluster, settings, servers.get(settings.secrets.backend), owner_of(platform))
    mlflow = Mlflow(
        f"{cluster.name}-mlflow",
        MlflowArgs(
            namespace=tenants[platform.name].ref,
            clients=(tenants[platform.name].ref, *(tenants[name].ref for name in _trackers(settings))),
            tracking=settings.tracking,
            owner=owner_of(platform),
            cluster=cluster.name,
            store=store_settings(settings, cluster.settings),
            credentials=stored.credentials,
            login=stored.logins[cluster.name][MLFLOW],
        ),
        cluster.opts,
    )
    TrackingGate(
        f"{cluster.name}-tracking-gate",
        GateArgs(
            namespace=tenants[platform.name].ref,
            matrix=MATRIX,
            issuer=settings.outside.url(settings.access.issuer),
            keycloak=https_destination(settings.access.keycloak),
            authority=settings.outside.authority,
            mlflow=mlflow.service,
            replicas=settings.tracking.replicas,
            owner=owner_of(platform),
            clients=(mesh.gateways,),
        ),
        cluster.opts,
    )
    gpus(cluster, settings, {name: tenant.ref for name, tenant in tenants.items()})
    joined = {**{name: tenant.ref for name, tenant in tenants.items()}, OPERATOR: store.ref, **servers}
    join(cluster, settings, mesh, joined, stored.logins[cluster.name].get(REMOTE), owner_of(platform))
    return Deployed(cluster=cluster, platform=platform.name, tenants=tenants, mlflow=mlflow)


def _grant(
    cluster: Cluster, settings: PlatformSettings, tenants: Mapping[str, TenantNamespace], owner: Owner
) -> None:
    """The rights of people in one cluster, at the API server and in the mesh."""
    purposes: dict[TenantPurpose, list[NamespaceRef]] = {}
    for tenant in settings.tenants:
        purposes.setdefault(tenant.purpose, []).append(tenants[tenant.name].ref)
        AllowNothing(
            f"{cluster.name}-{tenant.name}-mesh",
            AllowNothingArgs(namespace=tenants[tenant.name].ref),
            cluster.opts,
        )
    twins = AdmissionTwins(
        f"{cluster.name}-admission",
        AdmissionTwinsArgs(
            registries=settings.images.registries,
            digests=settings.platform.environment != UNPINNED,
            issuer=settings.outside.url(settings.access.issuer),
            owner=owner,
        ),
        cluster.opts,
    )
    ClusterAccess(
        f"{cluster.name}-access",
        ClusterAccessArgs(matrix=MATRIX, namespaces=purposes, guards=twins.policies, owner=owner),
        cluster.opts,
    )
    Ownership(f"{cluster.name}-ownership", OwnershipArgs(matrix=MATRIX, owner=owner), cluster.opts)
    TrackingAccess(
        f"{cluster.name}-tracking-access",
        TrackingAccessArgs(
            matrix=MATRIX,
            namespace=tenants[settings.platform.name].ref,
            issuer=settings.outside.url(settings.access.issuer),
            clients=[tenants[name].ref for name in _trackers(settings)],
            trust_domain=settings.mesh.trust_domain,
        ),
        cluster.opts,
    )


def _trackers(settings: PlatformSettings) -> tuple[str, ...]:
    """Tenants whose workloads log to MLflow."""
    return tuple(tenant.name for tenant in settings.tenants if tenant.purpose in CLIENT_PURPOSES)


def _gpu_resources(cluster: ClusterSettings) -> frozenset[str]:
    return frozenset(offered(cluster.gpu_pools))
