"""The mesh in each cluster: its ground before anything runs there, and who joins it once all is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.identity import keycloak_server
from components.isolation.closed_namespace import ClosedNamespace, ClosedNamespaceArgs
from components.labels import Owner
from components.manifest import NamespaceRef
from components.mesh.allow_nothing import AllowNothing, AllowNothingArgs
from components.mesh.gateways import Backend, Gateways, GatewaysArgs
from components.mesh.istiod import ControlPlaneArgs, MeshControlPlane
from components.mesh.istiod_values import Identity
from components.mesh.names import GATEWAYS, INGRESS, gateway_account, principal
from components.mesh.remote_reader import RemoteReader, RemoteReaderArgs
from components.mesh.remote_secrets import Peer, RemoteSecrets, RemoteSecretsArgs
from components.mesh.scope import MeshScope, ScopeArgs
from components.mesh.served_access import ServedAccess, ServedAccessArgs
from components.mesh.strict import StrictArgs, StrictMesh
from components.mesh.tracking_access import AUDIENCE, GATE
from components.network.fqdn_egress import https_destination
from components.secrets.secret_store import OPERATOR
from components.secrets.vault_values import PORT as STORE_PORT
from components.tracking import gate
from config.clusters import EksCluster
from config.schema import PlatformSettings
from stacks.clusters import Cluster
from stacks.edges import api_authority, api_url, edges, meshed_namespaces, outside, ranges, watched
from stacks.hosted import store_settings
from stacks.trust import Trust, intermediate, signing_root

_INTERNAL = {
    "service.beta.kubernetes.io/aws-load-balancer-type": "external",
    "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
}
"""Balancers of EKS clusters have addresses of the VPC: who comes from outside of it comes by a route of its own."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Namespaces of the control plane and of the gateways."""

    system: NamespaceRef
    gateways: NamespaceRef


def ground(cluster: Cluster, settings: PlatformSettings, known: Trust, owner: Owner) -> Ground:
    """The control plane, and the gateways' namespace."""
    mesh, peers = settings.mesh, watched(settings, cluster.settings)
    plane = MeshControlPlane(
        f"{cluster.name}-mesh",
        ControlPlaneArgs(
            identity=Identity(
                mesh_id=mesh.mesh_id,
                trust_domain=mesh.trust_domain,
                cluster=cluster.name,
                network=cluster.settings.network.id,
            ),
            versions=mesh.versions,
            stable=mesh.workloads_get,
            telemetry=mesh.telemetry,
            clients=(*meshed_namespaces(settings, cluster.settings), GATEWAYS),
            reaches=(
                https_destination(settings.access.keycloak),
                *(https_destination(api_url(peer)) for peer in peers),
            ),
            authority=settings.outside.authority,
            charts=settings.charts,
            owner=owner,
            root=signing_root(settings),
            prepare=lambda system: intermediate(cluster, settings, known, system, owner),
        ),
        cluster.opts,
    )
    gateways = ClosedNamespace(
        f"{cluster.name}-gateways-namespace",
        ClosedNamespaceArgs(name=GATEWAYS, concern="mesh", owner=owner),
        cluster.opts,
    )
    AllowNothing(f"{cluster.name}-gateways-mesh", AllowNothingArgs(namespace=gateways.ref), cluster.opts)
    return Ground(system=plane.ref, gateways=gateways.ref)


def join(
    cluster: Cluster,
    settings: PlatformSettings,
    base: Ground,
    namespaces: Mapping[str, NamespaceRef],
    role: pulumi.Input[str] | None,
    owner: Owner,
) -> None:
    """`namespaces` are the platform's, by name; `role` is the secret store's for this cluster's way into others, None
    if it watches none."""
    StrictMesh(
        f"{cluster.name}-strict",
        StrictArgs(namespace=base.system, sampling=settings.mesh.telemetry.sampling),
        cluster.opts,
    )
    meshed = meshed_namespaces(settings, cluster.settings)
    _scopes(cluster, settings, {**{one: namespaces[one] for one in meshed}, GATEWAYS: base.gateways})
    _callers(cluster, settings, namespaces)
    _gateways(cluster, settings, base, namespaces, owner)
    _federation(cluster, settings, base, namespaces, role, owner)


def _scopes(cluster: Cluster, settings: PlatformSettings, namespaces: Mapping[str, NamespaceRef]) -> None:
    used, beyond = edges(settings, cluster.settings), outside(settings, cluster.settings)
    for name, namespace in namespaces.items():
        MeshScope(
            f"{cluster.name}-{name}-scope",
            ScopeArgs(
                namespace=namespace,
                servers=sorted({edge.server for edge in used if edge.client == name}),
                outside=tuple(dict.fromkeys(beyond.get(name, ()))),
            ),
            cluster.opts,
        )


def _callers(cluster: Cluster, settings: PlatformSettings, namespaces: Mapping[str, NamespaceRef]) -> None:
    """A hosted Keycloak is called by people through the ingress, and its members call each other."""
    keycloak = keycloak_server.APP
    if keycloak not in namespaces:
        return
    people = principal(settings.mesh.trust_domain, GATEWAYS, gateway_account(INGRESS))
    member = principal(settings.mesh.trust_domain, keycloak, keycloak)
    callers = {
        keycloak_server.PORT: [people],
        **{port: [member] for port in keycloak_server.CLUSTER_PORTS},
    }
    ServedAccess(
        f"{cluster.name}-{keycloak}-callers",
        ServedAccessArgs(app=keycloak, namespace=namespaces[keycloak], callers=callers),
        cluster.opts,
    )


def _gateways(
    cluster: Cluster,
    settings: PlatformSettings,
    base: Ground,
    namespaces: Mapping[str, NamespaceRef],
    owner: Owner,
) -> None:
    platform = settings.platform.name
    host = settings.mesh.ingress_hosts.get("mlflow", f"mlflow.{settings.access.domain}")
    peers = watched(settings, cluster.settings)
    known = {
        keycloak_server.APP: (
            settings.access.keycloak,
            f"{keycloak_server.APP}-service",
            keycloak_server.PORT,
        ),
        settings.secrets.backend: (settings.secrets.address, settings.secrets.backend, STORE_PORT),
    }
    Gateways(
        f"{cluster.name}-gateways",
        GatewaysArgs(
            namespace=base.gateways,
            people=[Backend(host=host, service=GATE, namespace=namespaces[platform], port=gate.PORT)],
            passed=[
                Backend(
                    host=https_destination(url).hosts[0],
                    service=service,
                    namespace=namespaces[name],
                    port=port,
                )
                for name, (url, service, port) in known.items()
                if name in namespaces
            ],
            issuer=settings.outside.url(settings.access.issuer),
            audience=AUDIENCE,
            network=cluster.settings.network.id if peers else None,
            # A balancer comes with an address of its own, and asks for health: it stands in this cluster's network.
            sources=ranges((cluster.settings, *peers)) if peers else (),
            annotations=_INTERNAL if isinstance(cluster.settings, EksCluster) else {},
            owner=owner,
        ),
        cluster.opts,
    )


def _federation(
    cluster: Cluster,
    settings: PlatformSettings,
    base: Ground,
    namespaces: Mapping[str, NamespaceRef],
    role: pulumi.Input[str] | None,
    owner: Owner,
) -> None:
    peers = watched(settings, cluster.settings)
    watchers = [one.name for one in settings.clusters if cluster.settings in watched(settings, one)]
    if watchers:
        RemoteReader(
            f"{cluster.name}-mesh-reader", RemoteReaderArgs(watchers=watchers, owner=owner), cluster.opts
        )
    if not peers or role is None:
        return
    RemoteSecrets(
        f"{cluster.name}-remote",
        RemoteSecretsArgs(
            namespace=base.system,
            operator=namespaces[OPERATOR],
            cluster=cluster.name,
            peers=[
                Peer(name=peer.name, url=api_url(peer), authority=api_authority(peer, settings))
                for peer in peers
            ],
            store=store_settings(settings, cluster.settings),
            role=role,
            issuer=settings.access.issuer,
            authority=settings.outside.authority,
            owner=owner,
        ),
        cluster.opts,
    )
