"""A cluster as a client of the realm: in that name its control plane watches other clusters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_keycloak as keycloak

from components.base import Component
from components.manifest import known_after
from config.access import ROLES_CLAIM

TOKEN_SECONDS = 14_400
"""Life of a token. Each new one has the control plane read the other cluster anew, so it is not the five minutes of
people's: four refreshes, of which three may fail."""

_AUDIENCE = "kubernetes"


def client_name(cluster: str) -> str:
    """The client, and the group that its tokens are in."""
    return f"mesh-{cluster}"


@dataclass(frozen=True, kw_only=True)
class RemoteClientArgs:
    """`realm` is its id."""

    realm: pulumi.Input[str]
    cluster: str


class RemoteClient(Component, token="mlops:index:RemoteClient"):
    """Nobody can log in by it: it only gets tokens for itself, with a secret that the secret store keeps. The secret
    is known once all that belongs into a token is there: who has it sooner gets one that no API server takes."""

    secret: pulumi.Output[str]

    def __init__(self, name: str, args: RemoteClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        client = keycloak.openid.Client(
            self.child("client"), realm_id=args.realm, **client_settings(args.cluster), opts=self.opts()
        )
        audience = keycloak.openid.AudienceProtocolMapper(
            self.child("audience"),
            realm_id=args.realm,
            client_id=client.id,
            name="audience",
            included_client_audience=_AUDIENCE,
            add_to_id_token=False,
            add_to_access_token=True,
            opts=self.opts(),
        )
        group = keycloak.openid.HardcodedClaimProtocolMapper(
            self.child("group"),
            realm_id=args.realm,
            client_id=client.id,
            **group_claim(args.cluster),
            opts=self.opts(),
        )
        scopes = keycloak.openid.ClientDefaultScopes(
            self.child("scopes"),
            realm_id=args.realm,
            client_id=client.id,
            default_scopes=["basic"],
            opts=self.opts(),
        )
        optional = keycloak.openid.ClientOptionalScopes(
            self.child("optional-scopes"),
            realm_id=args.realm,
            client_id=client.id,
            optional_scopes=[],
            opts=self.opts(),
        )
        claims = (audience, group, scopes, optional)
        self.secret = pulumi.Output.secret(known_after(client.client_secret, [one.id for one in claims]))
        self.register_outputs({"secret": self.secret})


def client_settings(cluster: str) -> dict[str, Any]:
    """Client credentials alone: every flow in which a person takes part is off."""
    return {
        "client_id": client_name(cluster),
        "name": f"Mesh of cluster {cluster}",
        "access_type": "CONFIDENTIAL",
        "standard_flow_enabled": False,
        "implicit_flow_enabled": False,
        "direct_access_grants_enabled": False,
        "service_accounts_enabled": True,
        "full_scope_allowed": False,
        "access_token_lifespan": str(TOKEN_SECONDS),
    }


def group_claim(cluster: str) -> dict[str, Any]:
    """The one group that API servers see: none of the platform's roles, so nothing else lets it in."""
    return {
        "name": ROLES_CLAIM,
        "claim_name": ROLES_CLAIM,
        "claim_value": json.dumps([client_name(cluster)]),
        "claim_value_type": "JSON",
        "add_to_id_token": False,
        "add_to_access_token": True,
        "add_to_userinfo": False,
    }
