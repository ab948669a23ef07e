"""The servers that this program runs itself, if the settings ask for them: Keycloak and the secret store.

Both are there once for the whole estate, in the first primary cluster.
"""

from __future__ import annotations

from components.identity import keycloak_server
from components.identity.keycloak_server import KeycloakServer, KeycloakServerArgs
from components.isolation.closed_namespace import ClosedNamespace, ClosedNamespaceArgs
from components.labels import Owner
from components.manifest import NamespaceRef
from components.mesh.allow_nothing import AllowNothing, AllowNothingArgs
from components.network.fqdn_egress import Destination, https_destination
from components.secrets.vault_server import VaultServer, VaultServerArgs
from config.clusters import ClusterSettings
from config.schema import PlatformSettings
from stacks.clusters import Cluster


def runs_here(settings: PlatformSettings, cluster: ClusterSettings) -> bool:
    """Is it the cluster for servers of the whole estate?"""
    return cluster.name == next(one.name for one in settings.clusters if one.role == "primary")


def store_users(settings: PlatformSettings, cluster: ClusterSettings) -> tuple[str, ...]:
    """Namespaces of such servers that take secrets from the store."""
    here = runs_here(settings, cluster) and settings.access.server
    return (keycloak_server.APP,) if here else ()


def store_account(settings: PlatformSettings, cluster: ClusterSettings) -> tuple[tuple[str, str], ...]:
    """Namespace and name of the ServiceAccount in which the store runs, in the cluster where it does."""
    here = runs_here(settings, cluster) and settings.secrets.server
    return ((settings.secrets.backend, settings.secrets.backend),) if here else ()


def hosted(cluster: Cluster, settings: PlatformSettings, operator: NamespaceRef, owner: Owner) -> None:
    """Declare what the settings ask for; `operator` is the namespace that asks the store for secrets."""
    if not runs_here(settings, cluster.settings):
        return
    if settings.access.server:
        KeycloakServer(
            f"{cluster.name}-{keycloak_server.APP}",
            KeycloakServerArgs(
                namespace=_closed(cluster, keycloak_server.APP, "identity", owner),
                clients=(),
                url=settings.access.keycloak,
                settings=settings.access.server,
                owner=owner,
            ),
            cluster.opts,
        )
    if settings.secrets.server:
        VaultServer(
            f"{cluster.name}-{settings.secrets.backend}",
            VaultServerArgs(
                namespace=_closed(cluster, settings.secrets.backend, "secrets", owner),
                store=settings.secrets,
                server=settings.secrets.server,
                charts=settings.charts,
                clients=(operator,),
                reaches=reached_by_the_store(settings),
                owner=owner,
            ),
            cluster.opts,
        )


def reached_by_the_store(settings: PlatformSettings) -> tuple[Destination, ...]:
    """The realm, whose keys it verifies logins with; the database; the API servers of the other clusters."""
    database = settings.tracking.database
    others = (one.api_server.url for one in settings.clusters if one.api_server)
    return (
        https_destination(settings.access.keycloak),
        Destination(hosts=(database.host,), port=database.port),
        *map(https_destination, others),
    )


def _closed(cluster: Cluster, name: str, concern: str, owner: Owner) -> NamespaceRef:
    """The server's namespace, in which nobody may call anybody but by a policy that says so."""
    closed = ClosedNamespace(
        f"{cluster.name}-{name}-namespace",
        ClosedNamespaceArgs(name=name, concern=concern, owner=owner),
        cluster.opts,
    )
    AllowNothing(f"{cluster.name}-{name}-mesh", AllowNothingArgs(namespace=closed.ref), cluster.opts)
    return closed.ref
