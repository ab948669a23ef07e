"""What a type of resource is to the vault provider, and the plainest kind: one path that is written whole."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from engine.errors import NotOurs, ObjectRefused
from engine.providers.base import Live
from engine.providers.vault_api import Api
from engine.values import Properties

PropertyPath = tuple[str, ...]

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HOLE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to do to one resource. Inputs and outputs are plain; `before` are those it was last written with.

    `before` is None for what is new. Something of that name may be there, and is to be taken over, if a create
    was interrupted (`resumed`) or the program asks for it (`importing`; `id` is the one that it names).
    """

    api: Api
    inputs: Properties
    before: Properties | None = None
    outputs: Properties = field(default_factory=dict)
    id: str = ""
    resumed: bool = False
    importing: bool = False

    @property
    def taking(self) -> bool:
        """May something be there that is to be taken over?"""
        return self.resumed or self.importing

    def changed(self, *path: str) -> bool:
        """Is a property another one than it was written with?"""
        return self.before is None or at(self.inputs, path) != at(self.before, path)


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """One type of resource. Holds no state.

    `replacing` are the properties that only a new object can change, `autonamed` says that `name` may be left
    out. `secrets` are the properties that are secret whatever the program says. `write_only` pairs a property
    with its version: it counts as changed when the version does. `extra` are properties that nothing else here
    names.
    """

    required: tuple[str, ...] = ()
    replacing: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    autonamed: bool = False
    secrets: tuple[PropertyPath, ...] = ()
    write_only: tuple[tuple[PropertyPath, PropertyPath], ...] = ()
    check: Callable[[Properties], str] | None = None
    extra: tuple[str, ...] = ()

    def known(self) -> set[str]:
        """The properties that have a meaning here. Any other is refused: it would be lost in silence."""
        paths = (*self.secrets, *(path for pair in self.write_only for path in pair))
        named = ("name",) if self.autonamed else ()
        stated = (*self.required, *self.replacing, *self.defaults, *self.extra)
        return {"namespace", *stated, *named, *(path[0] for path in paths)}

    def replaces(self, property_: str, inputs: Properties) -> bool:
        """Can a change of that property only be had by a new object?"""
        del inputs
        return property_ in self.replacing or property_ == "namespace"

    def complete(self, inputs: Properties) -> Properties:
        """The inputs with what the provider sets where the program says nothing."""
        return {**self.defaults, **inputs}

    def problem(self, inputs: Properties) -> str:
        """Why plain inputs cannot be used; "" if they can. Unknown ones are never a problem."""
        missing = [name for name in self.required if inputs.get(name) is None]
        if missing:
            return f"{', '.join(missing)} must be stated"
        strange = sorted(inputs.keys() - self.known())
        if strange:
            return f"this engine does not apply {', '.join(strange)}; run with --engine pulumi"
        return self.check(inputs) if self.check is not None else ""

    @abstractmethod
    def create(self, task: Task) -> Live:
        """Make the object. The outputs are those that the inputs do not tell."""

    @abstractmethod
    def update(self, task: Task) -> Live:
        """Bring the object `task.id` to the inputs; what is not there any more is made again."""

    @abstractmethod
    def delete(self, task: Task) -> None:
        """Remove the object `task.id`, whose inputs are `task.inputs`. Gone already is as good."""


@dataclass(frozen=True, kw_only=True)
class Written(Kind):
    """One path of the API, of which each write states all that the inputs say. What is there is overwritten.

    `{property}` in `path` and `id` (the same as `path` if empty) stands for a property's value. Of `fields`
    those that are given are sent, by their API names; those that are given no longer are set back to `resets`
    or to nothing, unless the server forgets what is not sent (`whole`).
    """

    path: str
    id: str = ""
    fields: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    resets: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    shape: Callable[[Properties, Task], Properties] | None = None
    stays: bool = False

    def known(self) -> set[str]:
        return {*super().known(), *self.fields, *_HOLE.findall(self.path)}

    def problem(self, inputs: Properties) -> str:
        return super().problem(inputs) or bad_part(self.path, inputs)

    def create(self, task: Task) -> Live:
        id_ = filled(self.id or self.path, task.inputs)
        if task.importing and task.id != id_:
            raise ObjectRefused(f"its inputs are those of {id_}, so {task.id} cannot be imported as it")
        if task.importing and task.api.get(filled(self.path, task.inputs)) is None:
            raise ObjectRefused(f"there is no {id_} to import", status=404)
        return self._write(task)

    def update(self, task: Task) -> Live:
        return self._write(task)

    def delete(self, task: Task) -> None:
        if not self.stays:
            task.api.delete(filled(self.path, task.inputs))

    def _write(self, task: Task) -> Live:
        body = fields_of(task, self.fields, self.names, {} if self.whole else self.resets, whole=self.whole)
        task.api.write(
            filled(self.path, task.inputs), self.shape(body, task) if self.shape is not None else body
        )
        return Live(id=filled(self.id or self.path, task.inputs), outputs={})


@dataclass(frozen=True, kw_only=True)
class Guarded(Written):
    """A written path that `allowOverwrite = false` keeps from being taken over."""

    def create(self, task: Task) -> Live:
        guarded = task.inputs.get("allowOverwrite") is False and not task.taking
        if guarded and task.api.get(filled(self.path, task.inputs)) is not None:
            raise taken(filled(self.id or self.path, task.inputs), "exists already")
        return super().create(task)


def taken(id_: str, how: str) -> NotOurs:
    """The error of an object that is there and is not ours to change."""
    return NotOurs(
        f'{id_} {how}. To take it over, pass opts=ResourceOptions(import_="{id_}"); else delete it or choose '
        "another name"
    )


def at(properties: Any, path: PropertyPath) -> Any:
    """The value at a path, None where there is none."""
    return reduce(lambda item, step: item.get(step) if isinstance(item, dict) else None, path, properties)


def api_name(property_: str, names: Mapping[str, str]) -> str:
    """The API's name of a property: `boundAudiences` is `bound_audiences` unless `names` says otherwise."""
    return names.get(property_) or _HUMP.sub("_", property_).lower()


def filled(template: str, inputs: Properties) -> str:
    """A path with the values of its properties; slashes at their ends do not count."""
    return _HOLE.sub(lambda hole: str(inputs[hole[1]]).strip("/"), template)


def bad_part(template: str, inputs: Properties) -> str:
    """Why a property's value cannot be a part of a path; "" if all can."""
    for name in _HOLE.findall(template):
        value = inputs.get(name)
        steps = value.strip("/").split("/") if isinstance(value, str) else ["?"]
        if any(step in ("", ".", "..") or not step.isprintable() for step in steps):
            return f"{name}: given {value!r}, needs a path without empty, '.' and '..' parts"
    return ""


def fields_of(
    task: Task,
    fields: tuple[str, ...],
    names: Mapping[str, str],
    resets: Mapping[str, Any],
    *,
    whole: bool = False,
) -> Properties:
    """The body of a write: what is given, and unless the server forgets it by itself what is given no longer."""
    sent = {api_name(name, names): task.inputs[name] for name in fields if name in task.inputs}
    former = task.before or {}
    gone = () if whole else tuple(name for name in fields if name in former and name not in task.inputs)
    empty = {api_name(name, names): resets.get(name, type(former[name])()) for name in gone}
    return {**sent, **empty}
