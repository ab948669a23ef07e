"""The applications as clients of the realm, and the one scope through which all of them see roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_keycloak as keycloak

from components.base import Component
from components.manifest import known_after
from config.access import BREAK_GLASS, ROLES_CLAIM, Role
from config.applications import Application

SCOPE = "platform-roles"
LAST_RESORT = "platform-break-glass"
"""Keycloak leaves a scope out for people who have none of its roles, so the group of last resort has one of its
own, at the one client that it is for."""


@dataclass(frozen=True, kw_only=True)
class ClientsArgs:
    """`realm` and `roles` (ids by name) come from the realm; `redirect_uris` adds to the applications' own."""

    realm: pulumi.Input[str]
    roles: Mapping[str, pulumi.Input[str]]
    applications: Sequence[Application]
    domain: str
    redirect_uris: Mapping[str, tuple[str, ...]]


class Clients(Component, token="mlops:index:Clients"):
    """A client's token is for that client alone and names the platform's roles alone.

    `secrets` has the secret of each confidential client by its name. A secret is known once all that belongs into a
    token is there: who has it sooner gets one that no server takes.
    """

    secrets: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: ClientsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        everybody = self._scope("roles", SCOPE, tuple(Role), args)
        last_resort = self._scope(BREAK_GLASS, LAST_RESORT, (BREAK_GLASS,), args)
        secrets = {
            application.client: self._client(
                application,
                [everybody, last_resort] if application.client == "kubernetes" else [everybody],
                args,
            )
            for application in args.applications
        }
        self.secrets = {
            application.client: pulumi.Output.secret(secrets[application.client])
            for application in args.applications
            if application.confidential
        }
        self.register_outputs({"secrets": self.secrets})

    def _scope(self, part: str, name: str, roles: Sequence[str], args: ClientsArgs) -> pulumi.Output[str]:
        """These roles in the claim that every server reads, for who has one of them. Its name, once it is whole."""
        scope = keycloak.openid.ClientScope(
            self.child(part),
            realm_id=args.realm,
            name=name,
            description="The platform's roles in the claim that every server reads",
            include_in_token_scope=False,
            opts=self.opts(),
        )
        claim = keycloak.openid.UserRealmRoleProtocolMapper(
            self.child(f"{part}-claim"),
            realm_id=args.realm,
            client_scope_id=scope.id,
            name=ROLES_CLAIM,
            claim_name=ROLES_CLAIM,
            multivalued=True,
            add_to_id_token=True,
            add_to_access_token=True,
            add_to_userinfo=True,
            opts=self.opts(),
        )
        given = [
            keycloak.GenericRoleMapper(
                self.child(f"{part}-{role}"),
                realm_id=args.realm,
                client_scope_id=scope.id,
                role_id=args.roles[role],
                opts=self.opts(),
            )
            for role in roles
        ]
        return known_after(scope.name, [one.id for one in (claim, *given)])

    def _client(
        self,
        application: Application,
        scopes: Sequence[pulumi.Output[str]],
        args: ClientsArgs,
    ) -> pulumi.Output[str]:
        """The client's secret, which a public client has no use for."""
        own = application.client
        client = keycloak.openid.Client(
            self.child(own),
            realm_id=args.realm,
            **client_settings(application, args.domain, args.redirect_uris),
            opts=self.opts(),
        )
        audience = keycloak.openid.AudienceProtocolMapper(
            self.child(f"{own}-audience"),
            realm_id=args.realm,
            client_id=client.id,
            name="audience",
            included_client_audience=client.client_id,
            add_to_id_token=False,
            add_to_access_token=True,
            opts=self.opts(),
        )
        people = ["profile", "email"] if application.confidential else []
        default = keycloak.openid.ClientDefaultScopes(
            self.child(f"{own}-scopes"),
            realm_id=args.realm,
            client_id=client.id,
            default_scopes=["basic", *people, *scopes],
            opts=self.opts(),
        )
        optional = keycloak.openid.ClientOptionalScopes(
            self.child(f"{own}-optional-scopes"),
            realm_id=args.realm,
            client_id=client.id,
            optional_scopes=[],
            opts=self.opts(),
        )
        return known_after(client.client_secret, [one.id for one in (audience, default, optional)])


def client_settings(
    application: Application, domain: str, redirect_uris: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """Authorization code with PKCE and nothing else (RFC 9700 2.1.1, 2.1.2, 2.4; ID-11)."""
    return {
        "client_id": application.client,
        "name": application.title,
        "access_type": "CONFIDENTIAL" if application.confidential else "PUBLIC",
        "standard_flow_enabled": True,
        "implicit_flow_enabled": False,
        "direct_access_grants_enabled": False,
        "service_accounts_enabled": False,
        "full_scope_allowed": False,
        "pkce_code_challenge_method": "S256",
        "valid_redirect_uris": list(application.redirect_uris(domain, redirect_uris)),
        "web_origins": [],
    }
