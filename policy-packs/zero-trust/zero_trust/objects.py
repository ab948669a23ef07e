"""From whatever a document holds to single Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from zero_trust.exemptions import Place
from zero_trust.fields import fields, text

_LIST: Final = "List"


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """One object of a stack. `manifest` is plain data and may be of any shape."""

    api_version: str
    kind: str
    manifest: object

    def place(self, fallback: str = "") -> Place:
        """Where it belongs; `fallback` names one that leaves its name to the cluster."""
        metadata = fields(self.manifest).section("metadata")
        return Place(
            kind=self.kind,
            namespace=text(metadata.value("namespace")),
            name=text(metadata.value("name")) or fallback,
        )


def objects(document: object) -> Iterator[Object]:
    """Every object of a document: itself, the items of a `List` kind or of an array, nested ones too.

    An item of a typed list (`PodList`) may leave its type to the list. What is no mapping, or has no kind,
    is no object.
    """
    pending = [(document, "", "")]
    visited: set[int] = set()
    while pending:
        value, default_version, default_kind = pending.pop()
        if id(value) in visited:
            continue
        if isinstance(value, list):
            visited.add(id(value))
            pending += [(item, default_version, default_kind) for item in reversed(value)]
        if not isinstance(value, dict):
            continue
        kind_here = text(value.get("kind")) or default_kind
        version_here = text(value.get("apiVersion")) or default_version
        items = value.get("items")
        if kind_here.endswith(_LIST) and isinstance(items, list):
            visited.add(id(value))
            pending.append((items, version_here, kind_here.removesuffix(_LIST)))
        elif kind_here:
            yield Object(api_version=version_here, kind=kind_here, manifest=value)
