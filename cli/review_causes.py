"""Which line a violation comes from: a key of the settings that changed, and the class of the component around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from controls.exemptions import Place

from cli.review_changes import COMPONENT, Resource, ancestry
from cli.review_settings import Key, StackSettings
from engine import urn as urns

_TELLING: Final = 4
"""Characters from which on a text is unlikely to stand in a resource by chance."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A place in the checkout, relative to its root, and what stands there; `line` counts from 1."""

    file: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


def component_classes(root: Path) -> dict[str, Line]:
    """The type token of every component class below `root`/components, and where the class begins."""
    return {
        token: Line(file=path.relative_to(root).as_posix(), line=number, what=name)
        for path in sorted((root / "components").rglob("*.py"))
        for token, name, number in _tokens(path)
    }


def _tokens(path: Path) -> Iterator[tuple[str, str, int]]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            for keyword in node.keywords:
                if keyword.arg == "token" and isinstance(keyword.value, ast.Constant):
                    yield str(keyword.value.value), node.name, node.lineno


@dataclass(frozen=True, kw_only=True)
class Causes:
    """Finds the lines behind the resources of one plan.

    A key of the settings is named only for a resource that it made or altered (`touched`): of the keys that changed,
    the one whose value stands in the resource, else the one nearest to it by tenant or cluster.
    """

    resources: Mapping[str, Resource]
    classes: Mapping[str, Line]
    settings: StackSettings
    changed: Sequence[Key]
    touched: frozenset[str]

    def resource(self, urn: str, place: str) -> str:
        """The URN given where it is that of a resource, else that of an object there, a touched one first; or ""."""
        if urn in self.resources and urns.type_of(urn) != urns.STACK_TYPE:
            return urn
        there = [one["urn"] for one in self.resources.values() if _place(one) == place]
        return next((one for one in there if one in self.touched), there[0] if there else "")

    def of(self, urn: str) -> list[Line]:
        """The changed key, then the innermost component class; neither for what is about the stack as a whole."""
        found = [self._line(key) for key in self._keys(urn)[:1]]
        tokens = (urns.type_of(one) for one in ancestry(urn, self.resources))
        known = (
            self.classes[token] for token in tokens if token.startswith(COMPONENT) and token in self.classes
        )
        return found + list(known)[:1]

    def _keys(self, urn: str) -> list[Key]:
        if urn not in self.touched or urn not in self.resources:
            return []
        one = self.resources[urn]
        inside = set(_texts(one["inputs"]))
        near = [(self._nearness(key, one, inside), key) for key in self.changed]
        return [key for rank, key in sorted(near, key=lambda each: -each[0]) if rank >= 0]

    def _nearness(self, key: Key, one: Resource, inside: set[str]) -> int:
        """-1 where the key is about another cluster or tenant; higher is nearer."""
        area, about = (*key, "", "")[:2]
        rank = 0
        if area == "clusters":
            if one["cluster"] not in (None, about):
                return -1
            rank = 1
        if area == "tenants":
            if about not in inside and not any(str(about) in text for text in inside):
                return -1
            rank = 2
        values = {text for text in _texts(self.settings.value(key)) if len(text) >= _TELLING}
        return rank + (4 if values & inside else 0)

    def _line(self, key: Key) -> Line:
        file, name, line = self.settings.place(key)
        return Line(file=file, line=line, what=name)


def _place(one: Resource) -> str:
    """The place as a finding words it."""
    inputs = one["inputs"]
    if not one["type"].startswith("kubernetes:") or "kind" not in inputs:
        return str(Place(kind=one["type"], namespace="", name=one["name"]))
    metadata = inputs.get("metadata") or {}
    name, namespace = str(metadata.get("name", one["name"])), str(metadata.get("namespace") or "")
    return str(Place(kind=inputs["kind"], namespace=namespace, name=name))


def _texts(value: Any) -> Iterator[str]:
    """Every scalar inside, as text."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)
