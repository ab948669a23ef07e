"""The servers that this program runs itself, if the settings ask for them: Keycloak and the secret store.

Both are there once for the whole estate, in the first primary cluster.
"""

from __future__ import annotations

from collections.abc import Mapping

from components.identity import keycloak_server
from components.identity.keycloak_server import KeycloakServer, KeycloakServerArgs
from components.isolation.closed_namespace import ClosedNamespace, ClosedNamespaceArgs
from components.labels import Owner
from components.manifest import NamespaceRef
from components.mesh.allow_nothing import AllowNothing, AllowNothingArgs
from components.mesh.names import meshed
from components.network.fqdn_egress import Destination, https_destination
from components.secrets.vault_server import VaultServer, VaultServerArgs
from config.clusters import ClusterSettings
from config.schema import PlatformSettings, SecretStoreSettings
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


def store_settings(settings: PlatformSettings, cluster: ClusterSettings) -> SecretStoreSettings:
    """The store as pods of a cluster reach it: by its Service where it runs, elsewhere by its address; with the lab's
    authority, where the settings name none."""
    authority = settings.secrets.authority or settings.outside.authority
    server = settings.secrets.server if runs_here(settings, cluster) else None
    return settings.secrets.model_copy(update={"authority": authority, "server": server})


def hosted(
    cluster: Cluster,
    settings: PlatformSettings,
    operator: NamespaceRef,
    gateways: NamespaceRef,
    owner: Owner,
) -> dict[str, NamespaceRef]:
    """Declare what the settings ask for; the result are the servers' namespaces by name. `operator` is the namespace
    that asks the store for secrets, `gateways` the one that people come through."""
    made: dict[str, NamespaceRef] = {}
    if not runs_here(settings, cluster.settings):
        return made
    if settings.access.server:
        namespace = _closed(cluster, keycloak_server.APP, "identity", owner, meshed())
        AllowNothing(
            f"{cluster.name}-{keycloak_server.APP}-mesh", AllowNothingArgs(namespace=namespace), cluster.opts
        )
        made[keycloak_server.APP] = namespace
        KeycloakServer(
            f"{cluster.name}-{keycloak_server.APP}",
            KeycloakServerArgs(
                namespace=made[keycloak_server.APP],
                clients=(gateways,),
                url=settings.access.keycloak,
                settings=settings.access.server,
                owner=owner,
            ),
            cluster.opts,
        )
    if settings.secrets.server:
        made[settings.secrets.backend] = _closed(cluster, settings.secrets.backend, "secrets", owner, {})
        VaultServer(
            f"{cluster.name}-{settings.secrets.backend}",
            VaultServerArgs(
                namespace=made[settings.secrets.backend],
                store=settings.secrets,
                server=settings.secrets.server,
                charts=settings.charts,
                clients=(operator, gateways),
                reaches=reached_by_the_store(settings),
                owner=owner,
            ),
            cluster.opts,
        )
    return made


def reached_by_the_store(settings: PlatformSettings) -> tuple[Destination, ...]:
    """The realm, whose keys it verifies logins with; the database; the API servers of the other clusters."""
    database = settings.tracking.database
    others = (
        one.api_server.url for one in settings.clusters if one.api_server and not runs_here(settings, one)
    )
    return (
        https_destination(settings.access.keycloak),
        Destination(hosts=(database.host,), port=database.port),
        *map(https_destination, others),
    )


def _closed(cluster: Cluster, name: str, concern: str, owner: Owner, mesh: Mapping[str, str]) -> NamespaceRef:
    """The server's namespace, in which nobody may call anybody but by a policy that says so."""
    return ClosedNamespace(
        f"{cluster.name}-{name}-namespace",
        ClosedNamespaceArgs(name=name, concern=concern, owner=owner, mesh=mesh),
        cluster.opts,
    ).ref
