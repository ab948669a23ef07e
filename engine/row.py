"""One resource as the state remembers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine import urn as urns
from engine.goal import NO_OPTIONS, Options
from engine.values import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A resource that exists. `inputs` are those after the provider's check, `outputs` what it gave back."""

    urn: str
    type: str
    custom: bool
    id: str
    parent: str
    provider: str
    cluster: str | None
    inputs: Properties
    outputs: Properties
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]]
    options: Options = NO_OPTIONS

    @property
    def name(self) -> str:
        """The logical name."""
        return urns.name_of(self.urn)

    @property
    def needs(self) -> tuple[str, ...]:
        """Every URN that must outlive this resource."""
        return tuple(filter(None, (*self.dependencies, self.provider, self.parent)))


def uid_of(row: Row) -> str:
    """The cluster's own identity of the object behind a row; "" if it has none."""
    metadata = row.outputs.get("metadata")
    return str(metadata.get("uid", "")) if isinstance(metadata, dict) else ""
