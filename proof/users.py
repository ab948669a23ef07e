"""Users and their roles: asked of Keycloak's admin API with a token of its own console."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from config.access import MATRIX, Enforcer, Permission, Role
from proof.cells import Record, Scope, verdict
from proof.directory import PREFIX, Directory
from proof.people import People, Person
from proof.servers import Servers

CHANGE, ASSIGN = MATRIX.permission("create", "users"), MATRIX.permission("assign roles", "users")
CONSOLE = "security-admin-console"
_ASSIGNED = Role.VIEWER
_SECONDS = 30.0


class UsersProver:
    """The realm's users."""

    enforcer = Enforcer.KEYCLOAK

    def __init__(self, servers: Servers, directory: Directory) -> None:
        self._servers, self._directory = servers, directory
        self._subjects: Mapping[str, str] = {}
        self._group = ""

    @contextmanager
    def ready(self, people: People) -> Iterator[None]:
        """A user without a password for each person to try things on. All of them end with the people."""
        self._group = self._directory.group(_ASSIGNED)
        self._subjects = {
            person.name: self._directory.add(f"{person.name}-other") for person in people.asking
        }
        yield

    def ask(self, person: Person, record: Record) -> None:
        realm = f"{self._servers.keycloak}/admin/realms/{self._servers.realm_name}"
        token = person.token(CONSOLE, console(self._servers))
        other = f"/users/{self._subjects[person.name]}"
        user = {"username": f"{PREFIX}{secrets.token_hex(6)}", "enabled": False}
        with httpx.Client(
            base_url=realm,
            verify=self._servers.trust,
            headers=token.header,
            timeout=_SECONDS,
            trust_env=False,
        ) as api:
            everybody = Scope.OTHERS
            record.ask(CHANGE, everybody, "create a user", lambda: verdict(api.post("/users", json=user)))
            membership = f"{other}/groups/{self._group}"
            record.ask(ASSIGN, everybody, "give a role", lambda: verdict(api.put(membership)))
            record.ask(ASSIGN, everybody, "take a role", lambda: verdict(api.delete(membership)))
            record.ask(CHANGE, everybody, "delete a user", lambda: verdict(api.delete(other)))

    def gap(self, permission: Permission, role: Role | None) -> str:  # noqa: ARG002
        return ""


def console(servers: Servers) -> str:
    """Where Keycloak's console is sent its codes."""
    return f"{servers.keycloak}/admin/{servers.realm_name}/console/"
