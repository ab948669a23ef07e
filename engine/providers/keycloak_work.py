"""What the kinds of keycloak objects have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.providers.base import Action, Live
from engine.providers.keycloak_fields import Field, defaults
from engine.providers.keycloak_server import Server, path, there
from engine.values import Properties, plain


@dataclass(frozen=True, kw_only=True)
class Work:
    """One action on one object of one server. `given` are its inputs with their secrets open."""

    server: Server
    action: Action

    @cached_property
    def given(self) -> Properties:
        return dict(plain(self.action.inputs))

    @cached_property
    def former(self) -> Properties:
        """The inputs that the object had before, none if it is new."""
        old = self.action.old
        return dict(plain(old.inputs)) if old is not None else {}

    @property
    def id(self) -> str:
        """The id that the state remembers."""
        return self.action.old.id if self.action.old is not None else ""

    @property
    def realm(self) -> str:
        return str(self.given["realmId"])

    def listed(self, name: str, *, former: bool = False) -> list[str]:
        """An input that is a list of texts; none if it is not stated."""
        return [str(each) for each in (self.former if former else self.given).get(name) or ()]


class Kind(ABC):
    """One resource type. An input in `fixed` can only be had by a new object; one in `sensitive` holds a secret.
    Those in `autonamed` that it has are completed where the program does not state them."""

    fields: tuple[Field, ...] = ()
    autonamed: tuple[str, ...] = ("name",)
    fixed: frozenset[str] = frozenset()
    sensitive: tuple[str, ...] = ()

    @abstractmethod
    def create(self, work: Work) -> Live:
        """Make it, or take over what an interrupted run made."""

    @abstractmethod
    def update(self, work: Work) -> Live:
        """Bring it to the new inputs; one that is gone is made again."""

    @abstractmethod
    def delete(self, work: Work) -> None:
        """Remove it. Gone already is as good."""

    def live(self, work: Work, id_: str, computed: Properties | None = None) -> Live:
        """What a program and the state get to see."""
        return Live(id=id_, outputs={**defaults(self.fields), **work.action.inputs, **(computed or {})})


def named(entries: Iterable[Properties] | None, **wanted: Any) -> Properties | None:
    """The first of some documents that has all these values."""
    for entry in entries or ():
        if all(entry.get(key) == value for key, value in wanted.items()):
            return entry
    return None


def role(work: Work, id_: str) -> dict[str, Any]:
    """A role by its id. Raises ProviderError if there is none."""
    found = work.server.get(path(work.realm, "roles-by-id", id_))
    return dict(there(found, f"role {id_} in realm {work.realm}"))


def sync(work: Work, where: str, present: Mapping[str, Any], wanted: Iterable[str]) -> None:
    """Make the list of roles at a path exactly this one."""
    kept = set(wanted)
    removed = [each for id_, each in present.items() if id_ not in kept]
    added = [role(work, id_) for id_ in sorted(kept - present.keys())]
    if removed:
        work.server.delete(where, removed)
    if added:
        work.server.post(where, added)
