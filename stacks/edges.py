"""Who serves whom in each cluster, said once more from the settings alone: what the policies are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from components.identity import keycloak_server
from components.mesh.names import GATEWAYS, ISTIOD, SYSTEM, XDS_PORT
from components.mesh.tracking_access import GATE
from components.network.fqdn_egress import Destination, https_destination
from components.secrets.secret_store import OPERATOR
from components.secrets.vault_values import CLUSTER_PORT
from components.secrets.vault_values import PORT as STORE_PORT
from components.tracking import gate, mlflow, mlflow_server
from components.trust.cert_manager_values import NAMESPACE as CERTIFICATES
from config.clusters import ClusterSettings, EksCluster, LabCluster
from config.mesh import peers
from config.schema import PlatformSettings
from stacks.hosted import runs_here


@dataclass(frozen=True, kw_only=True, order=True)
class Edge:
    """Pods of `client` (a namespace) use `port` of the app `app` in the namespace `server`."""

    client: str
    server: str
    app: str
    port: int


def meshed_namespaces(settings: PlatformSettings, cluster: ClusterSettings) -> tuple[str, ...]:
    """Namespaces whose pods get a proxy. What the mesh's own start rests on stays outside of it: the secret store that
    signs for it, and who brings secrets and certificates into the cluster."""
    keycloak = runs_here(settings, cluster) and settings.access.server
    return (
        *(tenant.name for tenant in settings.tenants),
        *((keycloak_server.APP,) if keycloak else ()),
    )


def edges(settings: PlatformSettings, cluster: ClusterSettings) -> frozenset[Edge]:
    """Every connection within the cluster that somebody needs."""
    return frozenset(_edges(settings, cluster))


def watched(settings: PlatformSettings, cluster: ClusterSettings) -> tuple[ClusterSettings, ...]:
    """The clusters that this one watches."""
    by_name = {one.name: one for one in settings.clusters}
    found = peers(settings.mesh, {one.name: one.role for one in settings.clusters})
    return tuple(by_name[name] for name in found[cluster.name])


def outside(settings: PlatformSettings, cluster: ClusterSettings) -> dict[str, tuple[Destination, ...]]:
    """What each meshed namespace reaches outside of its cluster."""
    realm = https_destination(settings.access.keycloak)
    platform = settings.platform.name
    found: dict[str, tuple[Destination, ...]] = {platform: (*mlflow.destinations(settings.tracking), realm)}
    if runs_here(settings, cluster) and settings.access.server:
        database = settings.access.server.database
        found[keycloak_server.APP] = (Destination(hosts=(database.host,), port=database.port),)
    return found


def _edges(settings: PlatformSettings, cluster: ClusterSettings) -> Iterator[Edge]:
    platform = settings.platform.name
    trackers = [tenant.name for tenant in settings.tenants if tenant.purpose in mlflow.CLIENT_PURPOSES]
    for client in (platform, *trackers):
        yield Edge(client=client, server=platform, app=mlflow_server.APP, port=mlflow_server.PORT)
    yield Edge(client=GATEWAYS, server=platform, app=GATE, port=gate.PORT)
    for client in (*meshed_namespaces(settings, cluster), GATEWAYS):
        yield Edge(client=client, server=SYSTEM, app=ISTIOD, port=XDS_PORT)
    if not runs_here(settings, cluster):
        return
    if settings.access.server:
        app = keycloak_server.APP
        yield Edge(client=GATEWAYS, server=app, app=app, port=keycloak_server.PORT)
        for port in keycloak_server.CLUSTER_PORTS:
            yield Edge(client=app, server=app, app=app, port=port)
    if settings.secrets.server:
        app = settings.secrets.backend
        signed = (CERTIFICATES,) if settings.network.store_signs else ()
        for client in (OPERATOR, GATEWAYS, app, *signed):
            yield Edge(client=client, server=app, app=app, port=STORE_PORT)
        yield Edge(client=app, server=app, app=app, port=CLUSTER_PORT)


def ranges(clusters: Iterable[ClusterSettings]) -> tuple[str, ...]:
    """Where clusters' balancers and pods have their addresses, as far as the settings say."""
    return tuple(
        one
        for cluster in clusters
        if isinstance(cluster, EksCluster)
        for one in (cluster.aws.vpc_cidr, cluster.network.pod_cidr)
    )


def api_url(cluster: ClusterSettings) -> str:
    """The cluster's API server for other clusters; the settings' checks see to it that there is one."""
    if isinstance(cluster, LabCluster):
        return cluster.api_url
    if cluster.api_server is None:
        raise ValueError(f"clusters.{cluster.name}: apiServer is needed where other clusters watch this one")
    return cluster.api_server.url


def api_authority(cluster: ClusterSettings, settings: PlatformSettings) -> str | None:
    if isinstance(cluster, LabCluster):
        return settings.outside.authority
    return cluster.api_server.authority if cluster.api_server else None
