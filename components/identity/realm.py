"""The realm: its roles and groups, its keys, how it defends itself and what it writes down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_keycloak as keycloak

from components.base import Component
from config.access import BREAK_GLASS, Enforcer, Matrix, Permission, Role
from config.errors import AccessError
from config.identity import Lifetimes

_MANAGEMENT = "realm-management"
_USER_RIGHTS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("create", "delete"): ("manage-users", "view-users", "query-users"),
    ("assign roles",): ("manage-users", "view-realm", "query-groups"),
}
"""Rights of Keycloak's admin API that a row needs. `manage-users` covers accounts and their role mappings alike:
Keycloak cannot give one without the other."""

_PASSWORDS = "length(14) and notUsername(undefined) and notEmail(undefined) and passwordHistory(5)"
_EVENTS_KEPT = 90 * 24 * 3600
_KEY_PRIORITY = 200
"""Above the key that Keycloak makes with the realm (100), so that ours sign from the first token on."""


@dataclass(frozen=True, kw_only=True)
class RealmArgs:
    """`teams` become groups beside those of the roles."""

    realm: str
    lifetimes: Lifetimes
    signing_key: int
    teams: Sequence[str]
    matrix: Matrix


class Realm(Component, token="mlops:index:Realm"):
    """Roles reach people through groups only: `groups` by name (a role's own, `team_group` of a team), `roles` by
    role name, both as ids.

    The rights over users hang on groups of roles that the matrix names, never on a role itself: a token's
    claim stays the six names.
    """

    realm: pulumi.Output[str]
    roles: Mapping[str, pulumi.Output[str]]
    groups: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: RealmArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        realm = keycloak.Realm(
            self.child("realm"), **realm_settings(args.realm, args.lifetimes), opts=self.opts()
        )
        self.realm = realm.id
        keycloak.RealmEvents(self.child("events"), realm_id=self.realm, **event_settings(), opts=self.opts())
        for number, settings in signing_keys(args.signing_key).items():
            keycloak.RealmKeystoreRsaGenerated(
                self.child(f"key-{number}"), realm_id=self.realm, **settings, opts=self.opts()
            )
        self.roles = {role: self._role(role, _ABOUT[role]) for role in (*Role, BREAK_GLASS)}
        rights = self._user_rights(args.matrix)
        self.groups = {
            role: self._role_group(role, [self.roles[role], *(rights[row] for row in held)])
            for role, held in group_rights(args.matrix).items()
        } | {name: self._group(name) for name in map(team_group, args.teams)}
        self.register_outputs({"realm": self.realm, "roles": self.roles, "groups": self.groups})

    def _role(self, name: str, description: str, **kwargs: Any) -> pulumi.Output[str]:
        role = keycloak.Role(
            self.child(f"role-{name}"),
            realm_id=self.realm,
            name=str(name),
            description=description,
            **kwargs,
            opts=self.opts(),
        )
        return role.id

    def _user_rights(self, matrix: Matrix) -> dict[Permission, pulumi.Output[str]]:
        """A role for each row about users, made of rights of Keycloak's admin API."""
        looked_up = pulumi.InvokeOutputOptions(parent=self)
        management = keycloak.openid.get_client_output(
            realm_id=self.realm, client_id=_MANAGEMENT, opts=looked_up
        )
        names = sorted({right for rights in _USER_RIGHTS.values() for right in rights})
        existing = {
            right: keycloak.get_role_output(
                realm_id=self.realm, client_id=management.id, name=right, opts=looked_up
            ).id
            for right in names
        }
        return {
            row: self._role(
                row.name,
                f"Rights over users: {', '.join(row.verbs)}",
                composite_roles=[existing[right] for right in user_rights(row)],
            )
            for row in matrix.of(Enforcer.KEYCLOAK)
        }

    def _group(self, name: str) -> pulumi.Output[str]:
        group = keycloak.Group(
            self.child(f"group-{name}"), realm_id=self.realm, name=str(name), opts=self.opts()
        )
        return group.id

    def _role_group(self, role: str, roles: list[pulumi.Output[str]]) -> pulumi.Output[str]:
        group = self._group(role)
        keycloak.GroupRoles(
            self.child(f"group-{role}-roles"),
            realm_id=self.realm,
            group_id=group,
            role_ids=roles,
            exhaustive=True,
            opts=self.opts(),
        )
        return group


_ABOUT: Mapping[str, str] = {
    Role.ADMIN: "Runs the platform: users, secrets and everything of the other roles",
    Role.ML_ENGINEER: "Develops and registers models",
    Role.DATA_ENGINEER: "Uploads and versions data sets",
    Role.MLOPS_ENGINEER: "Builds pipelines, approves and deploys models",
    Role.LABELER: "Labels data",
    Role.VIEWER: "Sees experiments, models, pipelines and deployments",
    BREAK_GLASS: "For an outage: sees and restarts what runs; every use is recorded",
}


def team_group(team: str) -> str:
    """The name of a team's group: never that of a role, whatever the team is called."""
    return f"team-{team}"


def user_rights(permission: Permission) -> tuple[str, ...]:
    """The rights of Keycloak's admin API that one row about users needs."""
    return _USER_RIGHTS[permission.verbs]


def group_rights(matrix: Matrix) -> dict[str, tuple[Permission, ...]]:
    """The rows about users that each role's group holds; the group of last resort holds none.

    Raises AccessError for a role that holds some of them only: Keycloak would let it do all of them.
    """
    rows = matrix.of(Enforcer.KEYCLOAK)
    held = {role.value: tuple(row for row in rows if role in matrix.holders(row)) for role in Role}
    for role, some in held.items():
        if some and some != rows:
            raise AccessError(
                f"Keycloak cannot hold {role} to '{some[0]}': give it all of {'; '.join(map(str, rows))} or none"
            )
    return {**held, BREAK_GLASS: ()}


def realm_settings(realm: str, lifetimes: Lifetimes) -> dict[str, Any]:
    """Nobody registers alone or gets in by mail alone (which would ask for no second factor), nothing goes without
    TLS, guessing locks out, refresh tokens are used once (ID-12)."""
    return {
        "realm": realm,
        "enabled": True,
        "display_name": "MLOps platform",
        "ssl_required": "all",
        "registration_allowed": False,
        "reset_password_allowed": False,
        "remember_me": False,
        "verify_email": False,
        "login_with_email_allowed": True,
        "duplicate_emails_allowed": False,
        "password_policy": _PASSWORDS,
        "default_signature_algorithm": "RS256",
        "revoke_refresh_token": True,
        "refresh_token_max_reuse": 0,
        "access_token_lifespan": f"{lifetimes.access_token}s",
        "access_code_lifespan": "60s",
        "sso_session_idle_timeout": f"{lifetimes.idle}s",
        "sso_session_max_lifespan": f"{lifetimes.session}s",
        "otp_policy": {
            "type": "totp",
            "algorithm": "HmacSHA1",
            "digits": 6,
            "period": 30,
            "look_ahead_window": 1,
        },
        "security_defenses": {
            "brute_force_detection": {
                "permanent_lockout": False,
                "max_login_failures": 5,
                "wait_increment_seconds": 60,
                "max_failure_wait_seconds": 900,
                "failure_reset_time_seconds": 43_200,
                "quick_login_check_milli_seconds": 1_000,
                "minimum_quick_login_wait_seconds": 60,
            },
            "headers": {
                "content_security_policy": "frame-src 'self'; frame-ancestors 'self'; object-src 'none';",
                "strict_transport_security": "max-age=31536000; includeSubDomains",
                "x_content_type_options": "nosniff",
                "x_frame_options": "SAMEORIGIN",
                "referrer_policy": "no-referrer",
            },
        },
    }


def event_settings() -> dict[str, Any]:
    """Every login and every change by an administrator, kept for 90 days."""
    return {
        "events_enabled": True,
        "events_expiration": _EVENTS_KEPT,
        "events_listeners": ["jboss-logging"],
        "admin_events_enabled": True,
        "admin_events_details_enabled": True,
    }


def signing_keys(number: int) -> dict[int, dict[str, Any]]:
    """The key that signs, and the former one, which verifies until its last tokens have ended."""
    kept = [key for key in (number - 1, number) if key > 0]
    return {
        key: {
            "name": f"rsa-{key}",
            "active": key == number,
            "enabled": True,
            "priority": _KEY_PRIORITY + key,
            "algorithm": "RS256",
            "key_size": 4096,
        }
        for key in kept
    }
