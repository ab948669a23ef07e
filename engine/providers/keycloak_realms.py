"""Realms."""

from __future__ import annotations

from typing import ClassVar

from engine.errors import ObjectRefused, ProviderError
from engine.providers.keycloak_objects import Objects
from engine.providers.keycloak_realm_fields import FIELDS
from engine.providers.keycloak_server import path, there
from engine.providers.keycloak_work import Work
from engine.values import Properties


class Realms(Objects):
    """Realms. Their id is their name."""

    fields = FIELDS
    fixed = frozenset(("realm", "internalId"))
    autonamed = ("realm",)
    sensitive = ("smtpServer",)
    partial: ClassVar[bool] = True

    def collection(self, work: Work) -> str:
        del work
        return path()

    def item(self, work: Work, id_: str) -> str:
        del work
        return path(id_)

    def find(self, work: Work) -> Properties | None:
        """One that this account may not see is there all the same."""
        name = str(work.given["realm"])
        try:
            found: Properties | None = work.server.get(path(name))
        except ObjectRefused as error:
            if error.status != 403:
                raise
            return {"realm": name}
        return found

    def identity(self, found: Properties) -> str:
        return str(found["realm"])

    def import_id(self, work: Work, found: Properties) -> str:
        del work
        return self.identity(found)

    def made(self, work: Work, location: str) -> str:
        del location
        return str(work.given["realm"])

    def body(self, work: Work, current: Properties | None, *, stated: bool = False) -> Properties:
        """An update of attributes replaces all that are there: those that nobody stated are repeated."""
        own = super().body(work, current, stated=stated)
        attributes = work.given.get("attributes") or {}
        gone = (work.former.get("attributes") or {}).keys() - attributes.keys()
        if attributes or gone:
            present = (current or {}).get("attributes") or {}
            kept = {name: value for name, value in present.items() if name not in gone}
            own["attributes"] = {**kept, **attributes}
        if current is None:
            own["id"] = work.given.get("internalId") or work.given["realm"]
        return own

    def complete(self, work: Work, id_: str) -> None:
        """A server may take the rights in a realm from the token, which has to be newer than the realm then."""
        del id_
        work.server.renew()

    def computed(self, work: Work, id_: str) -> Properties:
        return {"internalId": str(there(work.server.get(path(id_)), f"realm {id_}")["id"])}

    def delete(self, work: Work) -> None:
        if work.given.get("terraformDeletionProtection") is True:
            raise ProviderError(
                "is protected from deletion; apply it once with terraform_deletion_protection=False first"
            )
        super().delete(work)
