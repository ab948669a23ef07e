"""Logins to PostgreSQL that live for an hour: each one made by the secret store for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_vault as vault
from pulumi_vault.database import SecretBackendConnectionPostgresqlArgsDict

from components.base import Component
from config.secret_paths import DATABASE_MOUNT

_TTL, _LONGEST = 3600, 86_400


@dataclass(frozen=True, kw_only=True)
class DatabaseEngineArgs:
    """`address` is `host:port` as the store reaches it; `manager` may make roles and is a member of `owner` with
    the admin option. `password` None leaves what the store has."""

    database: str
    owner: str
    address: str
    manager: str
    password: pulumi.Input[str] | None
    authority: str | None


class DatabaseEngine(Component, token="mlops:index:DatabaseEngine"):
    """`credentials` is the path that gives a login."""

    credentials: pulumi.Output[str]

    def __init__(
        self, name: str, args: DatabaseEngineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        mount = vault.Mount(
            self.child("mount"),
            path=DATABASE_MOUNT,
            type="database",
            description="Short-lived logins to PostgreSQL",
            opts=self.opts(),
        )
        connection = vault.database.SecretBackendConnection(
            self.child("connection"),
            backend=mount.path,
            name=args.database,
            allowed_roles=[args.database],
            verify_connection=True,
            postgresql=connection_settings(args),
            opts=self.opts(deleted_with=mount, additional_secret_outputs=["postgresql"]),
        )
        role = vault.database.SecretBackendRole(
            self.child("role"),
            backend=mount.path,
            name=args.database,
            db_name=connection.name,
            **role_settings(args.owner),
            opts=self.opts(deleted_with=mount),
        )
        self.credentials = pulumi.Output.format("{0}/creds/{1}", mount.path, role.name)
        self.register_outputs({"credentials": self.credentials})


def credentials_path(database: str) -> str:
    """Where logins to that database are given."""
    return f"{DATABASE_MOUNT}/creds/{database}"


def connection_settings(args: DatabaseEngineArgs) -> SecretBackendConnectionPostgresqlArgsDict:
    """The server's name is checked; passwords reach it as SCRAM verifiers. The SDK knows no secret this deep, so
    the manager's password is marked as one here."""
    return {
        "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@{args.address}/{args.database}"
        "?sslmode=verify-full",
        "username": args.manager,
        "password": None if args.password is None else pulumi.Output.secret(args.password),
        "password_authentication": "scram-sha-256",
        "tls_ca": args.authority,
    }


def role_settings(owner: str) -> dict[str, Any]:
    """A login acts as the owner from its first statement, so what it makes outlives it."""
    return {
        "creation_statements": [
            "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' "
            f'IN ROLE "{owner}"',
            f"ALTER ROLE \"{{{{name}}}}\" SET role = '{owner}'",
        ],
        "renew_statements": ["ALTER ROLE \"{{name}}\" VALID UNTIL '{{expiration}}'"],
        "revocation_statements": ['DROP ROLE IF EXISTS "{{name}}"'],
        "default_ttl": _TTL,
        "max_ttl": _LONGEST,
    }
