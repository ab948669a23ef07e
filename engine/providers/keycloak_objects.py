"""Objects that Keycloak keeps in collections: made by a POST, then read, changed and removed by their id."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from engine.errors import NotOurs, ObjectRefused, ProviderError
from engine.providers.base import Live
from engine.providers.keycloak_fields import Field, holds, rendered
from engine.providers.keycloak_server import there
from engine.providers.keycloak_work import Kind, Work
from engine.values import Properties

REALM = Field("realmId", None)
IMPORT = Field("import", None, False)


class Objects(Kind):
    """A collection of objects. What `constants` says is the same for each that is made.

    A `partial` update sends the inputs alone, for objects of which Keycloak leaves alone what is not mentioned:
    other resources may change the rest meanwhile.
    """

    constants: Mapping[str, Any] = MappingProxyType({})
    partial: ClassVar[bool] = False

    @abstractmethod
    def collection(self, work: Work) -> str:
        """The path of the collection."""

    @abstractmethod
    def find(self, work: Work) -> Properties | None:
        """The object that has the name of this one."""

    def item(self, work: Work, id_: str) -> str:
        """The path of one object."""
        return f"{self.collection(work)}/{id_}"

    def identity(self, found: Properties) -> str:
        """The id of an object that Keycloak showed."""
        return str(found["id"])

    def make(self, work: Work) -> str:
        """Make it; the last step of its location."""
        return work.server.post(self.collection(work), {**self.constants, **self.body(work, current=None)})

    def made(self, work: Work, location: str) -> str:
        """The id of what was made just now."""
        del work
        return location

    def body(self, work: Work, current: Properties | None, *, stated: bool = False) -> Properties:
        """The representation; `current` is None for an object that is made."""
        return rendered(self.fields, work.given, current, stated=stated)

    def complete(self, work: Work, id_: str) -> None:
        """What the representation cannot say."""

    def computed(self, work: Work, id_: str) -> Properties:
        """Outputs that are no inputs."""
        del work, id_
        return {}

    def import_id(self, work: Work, found: Properties) -> str:
        """What `import_` of an object has to be."""
        return f"{work.realm}/{found['id']}"

    def create(self, work: Work) -> Live:
        adopted = self._adopted(work)
        if adopted is not None:
            return self.change(work, adopted)
        try:
            location = self.make(work)
        except ObjectRefused as error:
            found = self.find(work) if error.status == 409 else None
            if found is None:
                raise
            raise NotOurs(self._exists(work, found)) from None
        return self.finish(work, self.made(work, location))

    def update(self, work: Work) -> Live:
        current = work.server.get(self.item(work, work.id))
        if current is None:
            return self.create(work)
        return self.change(work, current)

    def delete(self, work: Work) -> None:
        if work.given.get("import") is not True:
            work.server.delete(self.item(work, work.id))

    def change(self, work: Work, current: Properties) -> Live:
        """Bring an object, as Keycloak has it, to the inputs.

        One of Keycloak's own stays as it is but for what is stated: some of them nobody may change.
        """
        id_ = self.identity(current)
        foreign = work.given.get("import") is True
        own = self.body(work, current, stated=foreign)
        if not (foreign and holds(current, own)):
            work.server.put(self.item(work, id_), own if self.partial else {**current, **own})
        return self.finish(work, id_)

    def finish(self, work: Work, id_: str) -> Live:
        """From here on there is an object: whatever fails, the state has to know it."""
        try:
            self.complete(work, id_)
            return self.live(work, id_, self.computed(work, id_))
        except ProviderError as error:
            error.live = self.live(work, id_)
            raise

    def _adopted(self, work: Work) -> Properties | None:
        """An object that is there and may be taken: as the program says, or because an interrupted run made it."""
        if work.action.import_id:
            id_ = work.action.import_id.rpartition("/")[2]
            found = work.server.get(self.item(work, id_))
            return dict(there(found, f"object {work.action.import_id} to import"))
        if work.given.get("import") is True:
            return dict(there(self.find(work), "such object, which `import` says to take over"))
        return self.find(work) if work.action.resumed else None

    def _exists(self, work: Work, found: Properties) -> str:
        hint, id_ = "", self.import_id(work, found)
        if IMPORT in self.fields:
            hint = (
                " (import_=True as an argument if it is one of Keycloak's own, which is never deleted then)"
            )
        return (
            "it exists already and was not made by this stack. To take it over, pass "
            f'opts=ResourceOptions(import_="{id_}"){hint}; else delete it or choose another name'
        )
