"""The mesh's trust: the roots, once for the estate; in each cluster an authority below them, and who may ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.access.token_maker import TokenMaker, TokenMakerArgs
from components.labels import Owner, labels
from components.manifest import NamespaceRef
from components.network import cluster_mesh
from components.network.cilium import NAMESPACE as CILIUM
from components.network.cluster_policies import ClusterPolicies, ClusterPoliciesArgs
from components.network.fqdn_egress import https_destination
from components.secrets.mesh_root import MeshRoot, MeshRootArgs, mount_of
from components.secrets.secret_store import server_url
from components.secrets.vault_values import PORT as STORE_PORT
from components.secrets.workload_login import Workload
from components.secrets.workload_policies import WorkloadPolicies, WorkloadPoliciesArgs
from components.trust import mesh_names, offline_intermediate
from components.trust.cert_manager_traffic import HOME, CertManagerTraffic, CertManagerTrafficArgs
from components.trust.cert_manager_values import APP, NAMESPACE
from components.trust.cluster_mesh_certificates import ClusterMeshCertificates, ClusterMeshCertificatesArgs
from components.trust.cluster_mesh_root import ClusterMeshRoot, ClusterMeshRootArgs
from components.trust.issuer_guard import IssuerGuard, IssuerGuardArgs
from components.trust.mesh_intermediate import MeshIntermediate, MeshIntermediateArgs
from components.trust.mesh_signing import MeshSigning, MeshSigningArgs, policy_name, signing_path
from components.trust.offline_intermediate import OfflineIntermediate, OfflineIntermediateArgs
from components.trust.platform_issuer import PlatformIssuer, PlatformIssuerArgs
from components.trust.vault_issuer import StoreAccess
from config.clusters import ClusterSettings, EksCluster
from config.network_settings import OfflineRoot, VaultRoot
from config.schema import PlatformSettings
from stacks.clusters import Cluster
from stacks.hosted import store_settings

_AUDIENCE = "https://kubernetes.default.svc"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """`roots` are the PEM texts of all trusted roots, `logins` what enters the store for certificates, by cluster."""

    roots: Sequence[pulumi.Input[str]]
    logins: Mapping[str, tuple[Workload, ...]]


def trust(settings: PlatformSettings, opts: pulumi.ResourceOptions) -> Trust:
    """What the secret store has to know: roots, or what was signed below an offline one."""
    names = [one.name for one in settings.clusters]
    root = settings.network.trust.in_store
    roots, policies = _in_store(settings, root, opts) if root else _offline(settings, opts)
    account, namespace = reader(settings)
    logins = {
        name: [
            Workload(role=mesh_names.ISSUER, account=account, namespace=namespace, policies=(policies[name],))
        ]
        for name in names
    }
    if settings.network.cluster_mesh:
        authority = ClusterMeshRoot(
            "cluster-mesh-root",
            ClusterMeshRootArgs(
                organization=settings.access.realm,
                clusters=names,
                mesh=settings.network.cluster_mesh,
                namespace=CILIUM.name,
            ),
            opts,
        )
        for name, policy in authority.policies.items():
            login = Workload(role=cluster_mesh.ISSUER, account=APP, namespace=NAMESPACE, policies=(policy,))
            logins[name].append(login)
    return Trust(roots=roots, logins={name: tuple(found) for name, found in logins.items()})


def reader(settings: PlatformSettings) -> tuple[str, str]:
    """Name and namespace of the account by which a cluster gets its intermediate."""
    if settings.network.trust.offline:
        return offline_intermediate.ACCOUNT, mesh_names.NAMESPACE
    return APP, NAMESPACE


def reviewers(settings: PlatformSettings) -> tuple[tuple[str, str], ...]:
    """Namespace and name of the accounts whose tokens the store has reviewed for it."""
    account, namespace = reader(settings)
    found = {(namespace, account)} | ({(NAMESPACE, APP)} if settings.network.cluster_mesh else set())
    return tuple(sorted(found))


def _in_store(
    settings: PlatformSettings, root: VaultRoot, opts: pulumi.ResourceOptions
) -> tuple[Sequence[pulumi.Input[str]], Mapping[str, pulumi.Output[str]]]:
    roots = [
        MeshRoot(
            "mesh-root" if generation == 1 else f"mesh-root-{generation}",
            MeshRootArgs(organization=settings.access.realm, generation=generation),
            opts,
        ).certificate
        for generation in root.trusted
    ]
    signing = MeshSigning(
        "mesh-signing",
        MeshSigningArgs(clusters=[one.name for one in settings.clusters], mount=mount_of(root.signing)),
        opts,
    )
    return roots, signing.policies


def _offline(
    settings: PlatformSettings, opts: pulumi.ResourceOptions
) -> tuple[Sequence[pulumi.Input[str]], Mapping[str, pulumi.Output[str]]]:
    root = _offline_root(settings)
    rules = {
        policy_name(one.name): {f"{settings.secrets.mount}/data/{root.secret_path}/{one.name}": ("read",)}
        for one in settings.clusters
    }
    made = WorkloadPolicies("mesh-intermediates", WorkloadPoliciesArgs(policies=rules), opts)
    return root.roots, {one.name: made.names[policy_name(one.name)] for one in settings.clusters}


def _offline_root(settings: PlatformSettings) -> OfflineRoot:
    root = settings.network.trust.offline
    if root is None:
        raise ValueError("the mesh has its root in the secret store")
    return root


def intermediate(
    cluster: Cluster, settings: PlatformSettings, known: Trust, system: NamespaceRef, owner: Owner
) -> tuple[pulumi.Resource, ...]:
    """The mesh's authority in a cluster, in the control plane's namespace; the result is what that has to wait for."""
    name, common = f"{cluster.name}-mesh-authority", labels(mesh_names.SECRET, "mesh", owner)
    root = settings.network.trust.in_store
    if root:
        return MeshIntermediate(
            name,
            MeshIntermediateArgs(
                namespace=system,
                access=store_access(cluster, settings),
                path=signing_path(mount_of(root.signing)),
                roots=known.roots,
                signed=settings.charts.source != "none",
                labels=common,
            ),
            cluster.opts,
        ).ready
    offline = _offline_root(settings)
    return OfflineIntermediate(
        name,
        OfflineIntermediateArgs(
            namespace=system,
            cluster=cluster.name,
            store=settings.secrets,
            path=f"{offline.secret_path}/{cluster.name}",
            roots=offline.roots,
            labels=common,
        ),
        cluster.opts,
    ).ready


def signing_root(settings: PlatformSettings) -> str:
    """What changes with the root that signs, and with nothing else."""
    root = settings.network.trust.in_store
    return str(root.signing) if root else "offline"


def authorities(
    cluster: Cluster, settings: PlatformSettings, store: NamespaceRef | None, owner: Owner
) -> None:
    """Who signs in a cluster besides, for whom, and what no pod reaches. `store` is the secret store's namespace in
    the cluster that runs it."""
    common, mesh = labels("authorities", "network", owner), settings.network.cluster_mesh
    asks = settings.network.store_signs
    reaches = () if store or not asks else (https_destination(settings.secrets.address),)
    ClusterPolicies(f"{cluster.name}-policies", ClusterPoliciesArgs(labels=common), cluster.opts)
    CertManagerTraffic(
        f"{cluster.name}-cert-manager-traffic",
        CertManagerTrafficArgs(
            reaches=reaches,
            store=(settings.secrets.backend, store, STORE_PORT) if store and asks else None,
            labels=common,
        ),
        cluster.opts,
    )
    PlatformIssuer(
        f"{cluster.name}-authority", PlatformIssuerArgs(cluster=cluster.name, labels=common), cluster.opts
    )
    guarded = {mesh_names.ISSUER: mesh_names.NAMESPACE, cluster_mesh.ISSUER: CILIUM.name}
    IssuerGuard(f"{cluster.name}-issuers", IssuerGuardArgs(issuers=guarded, labels=common), cluster.opts)
    if settings.network.store_signs:
        TokenMaker(
            f"{cluster.name}-cert-manager-token",
            TokenMakerArgs(maker=(APP, NAMESPACE), accounts=[(APP, HOME)], labels=common),
            cluster.opts,
        )
    if mesh:
        ClusterMeshCertificates(
            f"{cluster.name}-cluster-mesh",
            ClusterMeshCertificatesArgs(mesh=mesh, access=store_access(cluster, settings), labels=common),
            cluster.opts,
        )


def store_access(cluster: Cluster, settings: PlatformSettings) -> StoreAccess:
    """A store in the same cluster is asked by its Service, any other one by its address."""
    store = store_settings(settings, cluster.settings)
    return StoreAccess(
        cluster=cluster.name,
        server=server_url(store),
        authority=store.authority,
        hosted=store.server is not None,
        audience=_audience(cluster.settings, settings),
    )


def _audience(cluster: ClusterSettings, settings: PlatformSettings) -> str:
    """What Kubernetes' own tokens are for: EKS leaves the cluster's domain out, others have it in."""
    usual = _AUDIENCE if isinstance(cluster, EksCluster) else f"{_AUDIENCE}.cluster.local"
    return settings.network.token_audiences.get(cluster.name, usual)
