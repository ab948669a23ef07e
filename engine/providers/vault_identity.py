"""Identity: groups and their aliases, which the server knows by an id that it gives itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import ObjectRefused
from engine.providers.base import Live
from engine.providers.vault_kinds import Kind, Task, fields_of, taken
from engine.values import Properties


@dataclass(frozen=True, kw_only=True)
class Identified(Kind):
    """An object made at `path` and known as `<path>/id/<id>` from then on. `find` looks for one of its name."""

    path: str
    fields: tuple[str, ...]
    find: Callable[[Task], Properties | None]
    leave_out: Callable[[Properties], set[str]] = lambda _inputs: set()

    def known(self) -> set[str]:
        return {*super().known(), *self.fields}

    def create(self, task: Task) -> Live:
        if task.importing:
            if task.api.get(f"{self.path}/id/{task.id}") is None:
                raise ObjectRefused(f"there is no {self.path}/id/{task.id} to import", status=404)
            return self._write(task, task.id)
        found = self.find(task)
        if found is not None and not task.resumed:
            raise taken(str(found["id"]), f"is {task.inputs.get('name')} already")
        if found is not None:
            return self._write(task, str(found["id"]))
        made = task.api.write(self.path, self._body(task))
        if not made.get("id"):
            raise ObjectRefused(f"{task.inputs.get('name')} was made by somebody else at the same time")
        return Live(id=str(made["id"]), outputs={})

    def update(self, task: Task) -> Live:
        if task.api.get(f"{self.path}/id/{task.id}") is None:
            raise ObjectRefused(f"{task.id} is gone", status=404, immutable=True)
        return self._write(task, task.id)

    def delete(self, task: Task) -> None:
        task.api.delete(f"{self.path}/id/{task.id}")

    def _write(self, task: Task, id_: str) -> Live:
        task.api.write(f"{self.path}/id/{id_}", self._body(task))
        return Live(id=id_, outputs={})

    def _body(self, task: Task) -> Properties:
        fields = tuple(name for name in self.fields if name not in self.leave_out(task.inputs))
        return fields_of(task, fields, {}, {})


def group_of_name(task: Task) -> Properties | None:
    """The group of that name."""
    return task.api.get(f"identity/group/name/{task.inputs['name']}")


def alias_of_name(task: Task) -> Properties | None:
    """The group alias of that name at that mount."""
    listed: dict[str, Any] = task.api.list("identity/group-alias/id").get("key_info") or {}
    wanted = task.inputs["name"], task.inputs["mountAccessor"]
    for id_, about in listed.items():
        if (about.get("name"), about.get("mount_accessor")) == wanted:
            return {"id": id_, **about}
    return None


def managed_elsewhere(inputs: Properties) -> set[str]:
    """The members and policies of a group that its resource leaves to others."""
    left = {"memberEntityIds", "memberGroupIds"} if inputs.get("type") == "external" else set()
    flags = {
        "externalPolicies": "policies",
        "externalMemberEntityIds": "memberEntityIds",
        "externalMemberGroupIds": "memberGroupIds",
    }
    return left | {name for flag, name in flags.items() if inputs.get(flag) is True}
