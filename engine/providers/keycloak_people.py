"""Roles, groups and users of a realm, and its keys."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from engine.providers.keycloak_fields import Field, many
from engine.providers.keycloak_objects import IMPORT, REALM, Objects
from engine.providers.keycloak_server import below, path, there
from engine.providers.keycloak_work import Work, named, sync
from engine.values import Properties

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")


class Roles(Objects):
    """Roles of a realm, or of a client."""

    fields = (
        REALM,
        Field("clientId", None),
        Field("name"),
        Field("description", initial=""),
        Field("compositeRoles", None),
        Field("attributes", to=many),
        IMPORT,
    )
    fixed = frozenset(("realmId", "clientId", "import"))

    def collection(self, work: Work) -> str:
        client = work.given.get("clientId")
        of = ("clients", str(client)) if client else ()
        return path(work.realm, *of, "roles")

    def item(self, work: Work, id_: str) -> str:
        return path(work.realm, "roles-by-id", id_)

    def find(self, work: Work) -> Properties | None:
        found: Properties | None = work.server.get(below(self.collection(work), str(work.given["name"])))
        return found

    def made(self, work: Work, location: str) -> str:
        del location  # it names the role
        return str(there(self.find(work), "role of this name, made a moment ago")["id"])

    def complete(self, work: Work, id_: str) -> None:
        """Its parts are exactly those stated; if none are stated, they are left alone."""
        if work.given.get("compositeRoles") is None:
            return
        where = f"{self.item(work, id_)}/composites"
        present = {each["id"]: each for each in work.server.get(where) or ()}
        sync(work, where, present, work.listed("compositeRoles"))


class Groups(Objects):
    """Groups, below another one or at the top."""

    fields = (
        REALM,
        Field("parentId", None),
        Field("name"),
        Field("description"),
        Field("attributes", default={}, to=many),
    )
    fixed = frozenset(("realmId", "parentId"))

    def collection(self, work: Work) -> str:
        parent = work.given.get("parentId")
        return path(work.realm, "groups", *((str(parent), "children") if parent else ()))

    def item(self, work: Work, id_: str) -> str:
        return path(work.realm, "groups", id_)

    def find(self, work: Work) -> Properties | None:
        name = str(work.given["name"])
        return named(work.server.get(self.collection(work), search=name, exact="true"), name=name)

    def computed(self, work: Work, id_: str) -> Properties:
        return {"path": there(work.server.get(self.item(work, id_)), "such group")["path"]}


class Users(Objects):
    """Users without credentials: they choose their own."""

    fields = (
        REALM,
        Field("username"),
        Field("email", default=""),
        Field("emailVerified", default=False),
        Field("firstName", default=""),
        Field("lastName", default=""),
        Field("enabled", default=True),
        Field("attributes", default={}, to=many),
        Field("requiredActions", default=[]),
        IMPORT,
    )
    fixed = frozenset(("realmId", "username", "import"))

    def collection(self, work: Work) -> str:
        return path(work.realm, "users")

    def find(self, work: Work) -> Properties | None:
        name = str(work.given["username"])
        return named(work.server.get(self.collection(work), username=name, exact="true"), username=name)


class Keystores(Objects):
    """Generated RSA keys of a realm."""

    fields = (
        REALM,
        Field("name"),
        Field("active", "config/active", True, to=lambda value: [str(value).lower()]),
        Field("enabled", "config/enabled", True, to=lambda value: [str(value).lower()]),
        Field("priority", "config/priority", 0, to=lambda value: [str(value)]),
        Field("algorithm", "config/algorithm", "RS256", to=lambda value: [value], choices=_ALGORITHMS),
        Field("keySize", "config/keySize", 2048, to=lambda value: [str(value)], choices=(1024, 2048, 4096)),
    )
    fixed = frozenset(("realmId",))
    constants = MappingProxyType(
        {
            "providerId": "rsa-generated",
            "providerType": "org.keycloak.keys.KeyProvider",
        }
    )

    def collection(self, work: Work) -> str:
        return path(work.realm, "components")

    def find(self, work: Work) -> Properties | None:
        name = str(work.given["name"])
        kept = work.server.get(self.collection(work), name=name, type=self.constants["providerType"])
        return named(kept, name=name, providerId=self.constants["providerId"])
