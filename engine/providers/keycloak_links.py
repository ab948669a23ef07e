"""What hangs on something else: roles of a group, groups of a user, scopes of a client."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import ProviderError
from engine.providers.base import Live
from engine.providers.keycloak_fields import Field
from engine.providers.keycloak_objects import REALM
from engine.providers.keycloak_server import path
from engine.providers.keycloak_work import Kind, Work, role
from engine.values import Properties


class Links(Kind):
    """A list of things that hang on one holder. Ids or names, as `many` states them."""

    many: str

    @abstractmethod
    def id(self, work: Work) -> str:
        """The id of the list."""

    @abstractmethod
    def present(self, work: Work) -> Mapping[str, Any] | None:
        """What hangs there, by id or name; None if the holder is gone."""

    @abstractmethod
    def add(self, work: Work, added: Iterable[str]) -> None:
        """Hang these on it."""

    @abstractmethod
    def remove(self, work: Work, removed: Mapping[str, Any]) -> None:
        """Take these, of those that are present."""

    def exhaustive(self, work: Work) -> bool:
        """Is everything to go that the program does not state?"""
        return work.given.get("exhaustive") is not False

    def create(self, work: Work) -> Live:
        present = self.present(work)
        if present is None:
            raise ProviderError(f"what it belongs to does not exist: {self.id(work)}")
        wanted = set(work.listed(self.many))
        gone = present.keys() if self.exhaustive(work) else set(work.listed(self.many, former=True))
        removed = {key: present[key] for key in present if key in gone and key not in wanted}
        if removed:
            self.remove(work, removed)
        self.add(work, sorted(wanted - present.keys()))
        return self.live(work, self.id(work))

    def update(self, work: Work) -> Live:
        return self.create(work)

    def delete(self, work: Work) -> None:
        present = self.present(work) or {}
        removed = {key: present[key] for key in work.listed(self.many) if key in present}
        if removed:
            self.remove(work, removed)


class GroupRoles(Links):
    """The roles, of the realm and of clients, that a group's members have."""

    fields = (REALM, Field("groupId", None), Field("roleIds", None), Field("exhaustive", None, True))
    fixed = frozenset(("realmId", "groupId"))
    many = "roleIds"

    def id(self, work: Work) -> str:
        return f"{work.realm}/{work.given['groupId']}"

    def present(self, work: Work) -> Mapping[str, Any] | None:
        found = work.server.get(self._where(work))
        if found is None:
            return None
        of_clients = (found.get("clientMappings") or {}).values()
        roles = [*(found.get("realmMappings") or ()), *(r for each in of_clients for r in each["mappings"])]
        return {each["id"]: each for each in roles}

    def add(self, work: Work, added: Iterable[str]) -> None:
        for where, roles in self._placed(work, (role(work, id_) for id_ in added)).items():
            work.server.post(where, roles)

    def remove(self, work: Work, removed: Mapping[str, Any]) -> None:
        for where, roles in self._placed(work, removed.values()).items():
            work.server.delete(where, roles)

    def _where(self, work: Work) -> str:
        return path(work.realm, "groups", str(work.given["groupId"]), "role-mappings")

    def _placed(self, work: Work, roles: Iterable[Properties]) -> dict[str, list[Properties]]:
        placed: dict[str, list[Properties]] = {}
        for each in roles:
            place = f"clients/{each['containerId']}" if each.get("clientRole") else "realm"
            placed.setdefault(f"{self._where(work)}/{place}", []).append(each)
        return placed


class UserGroups(Links):
    """The groups of a user."""

    fields = (REALM, Field("userId", None), Field("groupIds", None), Field("exhaustive", None, True))
    fixed = frozenset(("realmId", "userId"))
    many = "groupIds"

    def id(self, work: Work) -> str:
        return f"{work.realm}/{work.given['userId']}"

    def present(self, work: Work) -> Mapping[str, Any] | None:
        found = work.server.get(self._where(work), max="-1")
        return None if found is None else {each["id"]: each for each in found}

    def add(self, work: Work, added: Iterable[str]) -> None:
        for group in added:
            work.server.put(f"{self._where(work)}/{group}")

    def remove(self, work: Work, removed: Mapping[str, Any]) -> None:
        for group in removed:
            work.server.delete(f"{self._where(work)}/{group}")

    def _where(self, work: Work) -> str:
        return path(work.realm, "users", str(work.given["userId"]), "groups")


class DefaultGroups(Links):
    """The groups that new users of a realm are in. What others added before is left to the first update."""

    fields = (REALM, Field("groupIds", None))
    fixed = frozenset(("realmId",))
    many = "groupIds"

    def id(self, work: Work) -> str:
        return f"{work.realm}/default-groups"

    def exhaustive(self, work: Work) -> bool:
        return work.action.old is not None

    def present(self, work: Work) -> Mapping[str, Any] | None:
        found = work.server.get(path(work.realm, "default-groups"))
        return None if found is None else {each["id"]: each for each in found}

    def add(self, work: Work, added: Iterable[str]) -> None:
        for group in added:
            work.server.put(path(work.realm, "default-groups", group))

    def remove(self, work: Work, removed: Mapping[str, Any]) -> None:
        for group in removed:
            work.server.delete(path(work.realm, "default-groups", group))


class ScopesOfClient(Links):
    """All default scopes of a client, or all optional ones, by their names. A scope cannot be both."""

    def __init__(self, strength: str, other: str) -> None:
        self.many = f"{strength}Scopes"
        self.fields = (REALM, Field("clientId", None), Field(self.many, None))
        self.fixed = frozenset(("realmId", "clientId"))
        self._strength = strength
        self._other = other

    def id(self, work: Work) -> str:
        return f"{work.realm}/{work.given['clientId']}"

    def present(self, work: Work) -> Mapping[str, Any] | None:
        return self._attached(work, self._strength)

    def add(self, work: Work, added: Iterable[str]) -> None:
        scopes = {each["name"]: each for each in work.server.get(path(work.realm, "client-scopes")) or ()}
        other = self._attached(work, self._other) or {}
        for name in added:
            if name not in scopes:
                raise ProviderError(f"there is no client scope {name} in realm {work.realm}")
            if name in other:
                raise ProviderError(
                    f"client scope {name} is one of the client's {self._other} scopes already"
                )
            work.server.put(f"{self._where(work, self._strength)}/{scopes[name]['id']}")

    def remove(self, work: Work, removed: Mapping[str, Any]) -> None:
        for scope in removed.values():
            work.server.delete(f"{self._where(work, self._strength)}/{scope['id']}")

    def _attached(self, work: Work, strength: str) -> Mapping[str, Any] | None:
        found = work.server.get(self._where(work, strength))
        return None if found is None else {each["name"]: each for each in found}

    def _where(self, work: Work, strength: str) -> str:
        return path(work.realm, "clients", str(work.given["clientId"]), f"{strength}-client-scopes")


class RoleMapper(Kind):
    """One role that a client, or a client scope, may put into tokens although full scope is off."""

    fields = (
        REALM,
        Field("clientId", None),
        Field("clientScopeId", None),
        Field("roleId", None),
    )
    fixed = frozenset(("realmId", "clientId", "clientScopeId", "roleId"))

    def create(self, work: Work) -> Live:
        found = role(work, str(work.given["roleId"]))
        work.server.post(self._where(work, found), [found])
        scope = work.given.get("clientScopeId")
        of = f"client-scope/{scope}" if scope else f"client/{work.given['clientId']}"
        owner = found["containerId"] if found.get("clientRole") else ""
        return self.live(work, f"{work.realm}/{of}/scope-mappings/{owner}/{found['id']}")

    def update(self, work: Work) -> Live:
        return self.create(work)

    def delete(self, work: Work) -> None:
        found = work.server.get(path(work.realm, "roles-by-id", str(work.given["roleId"])))
        if found is not None:
            work.server.delete(self._where(work, found), [found])

    def _where(self, work: Work, found: Properties) -> str:
        scope = work.given.get("clientScopeId")
        of = ("client-scopes", str(scope)) if scope else ("clients", str(work.given["clientId"]))
        place = ("clients", str(found["containerId"])) if found.get("clientRole") else ("realm",)
        return path(work.realm, *of, "scope-mappings", *place)
