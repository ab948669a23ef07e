"""How people enter the secret store: by the realm, in a role of the matrix, for as long as an access token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_vault as vault

from components.base import Component
from components.secrets.vault_policies import role_policies, role_policy_name
from config.access import ROLES_CLAIM, Matrix, Role

MOUNT = "oidc"
CLIENT = "vault"


@dataclass(frozen=True, kw_only=True)
class PeopleLoginArgs:
    """`issuer` as the store can reach it; `authority` is the PEM text of a private authority there.
    `lifetime`, in seconds, is how long a login works after the role was taken away."""

    matrix: Matrix
    kv_mount: str
    issuer: str
    authority: str | None
    client_secret: pulumi.Input[str]
    redirect_uris: Sequence[str]
    lifetime: int


class PeopleLogin(Component, token="mlops:index:PeopleLogin"):
    """One role of the store per role of the matrix; which ones a person may take is said by the token's claim."""

    mount: pulumi.Output[str | None]

    def __init__(self, name: str, args: PeopleLoginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for policy, rules in role_policies(args.matrix, args.kv_mount).items():
            vault.Policy(self.child(policy), name=policy, policy=rules, opts=self.opts())
        backend = vault.jwt.AuthBackend(
            self.child("oidc"),
            type="oidc",
            path=MOUNT,
            description="People, by the realm",
            oidc_discovery_url=args.issuer,
            oidc_discovery_ca_pem=args.authority,
            bound_issuer=args.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=args.client_secret,
            opts=self.opts(),
        )
        for role in Role:
            vault.jwt.AuthBackendRole(
                self.child(f"role-{role}"),
                backend=backend.path,
                **role_settings(role, args.redirect_uris, args.lifetime),
                opts=self.opts(),
            )
        self.mount = backend.path
        self.register_outputs({"mount": self.mount})


def role_settings(role: Role, redirect_uris: Sequence[str], lifetime: int) -> dict[str, Any]:
    """A login in this role: the claim has to name it, in exactly this spelling."""
    return {
        "role_name": role.value,
        "role_type": "oidc",
        "user_claim": "sub",
        "bound_audiences": [CLIENT],
        "bound_claims": {ROLES_CLAIM: role.value},
        "allowed_redirect_uris": list(redirect_uris),
        "token_policies": [role_policy_name(role)],
        "token_ttl": lifetime,
        "token_max_ttl": lifetime,
    }
