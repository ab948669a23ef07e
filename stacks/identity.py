"""Who is who, once for the whole estate: the realm, its clients, the login and the first users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.identity.clients import Clients, ClientsArgs
from components.identity.login_flow import LoginFlow, LoginFlowArgs
from components.identity.realm import Realm, RealmArgs
from components.identity.users import Users, UsersArgs
from components.mesh.remote_client import RemoteClient, RemoteClientArgs, client_name
from config.access import MATRIX
from config.applications import APPLICATIONS
from config.identity import teams
from config.mesh import peers
from config.schema import PlatformSettings
from stacks import servers


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What others need of the realm: the secrets of its confidential clients, and of clusters that watch others, by
    client."""

    client_secrets: Mapping[str, pulumi.Output[str]]


def identity(settings: PlatformSettings) -> Identity:
    """Declare the realm and all in it."""
    access, opts = settings.access, servers.keycloak(settings)
    realm = Realm(
        "realm",
        RealmArgs(
            realm=access.realm,
            lifetimes=access.lifetimes,
            signing_key=access.signing_key,
            teams=teams(tenant.team for tenant in settings.tenants),
            matrix=MATRIX,
        ),
        opts,
    )
    LoginFlow("login", LoginFlowArgs(realm=realm.realm), opts)
    clients = Clients(
        "clients",
        ClientsArgs(
            realm=realm.realm,
            roles=realm.roles,
            applications=APPLICATIONS,
            domain=access.domain,
            redirect_uris=access.redirect_uris,
        ),
        opts,
    )
    if access.users:
        Users("users", UsersArgs(realm=realm.realm, groups=realm.groups, users=access.users), opts)
    watching = peers(settings.mesh, {one.name: one.role for one in settings.clusters})
    remote = {
        client_name(cluster): RemoteClient(
            f"{cluster}-mesh-client", RemoteClientArgs(realm=realm.realm, cluster=cluster), opts
        ).secret
        for cluster, watched in watching.items()
        if watched
    }
    return Identity(client_secrets={**clients.secrets, **remote})
