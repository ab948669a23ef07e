"""What differs between two plans of a stack, by cluster and component. Pure: plans come as `mlops preview --json`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine import diff
from engine import urn as urns

COMPONENT: Final = "mlops:"
"""How the type of every component of the program begins."""

Resource = Mapping[str, Any]
"""One resource of `engine.plan.as_json`: `urn`, `type`, `name`, `parent`, `provider`, `cluster`, `inputs`, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One resource that a change of the program or its settings makes, alters or takes away.

    `component` is the URN of the nearest component around it, or its own. `paths` are the properties that differ,
    elements of lists by their `name` where all have one; no value is kept, so none can be shown.
    """

    operation: Literal["create", "update", "replace", "delete"]
    urn: str
    cluster: str
    component: str
    paths: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The last part of the type: `Deployment` of `kubernetes:apps/v1:Deployment`."""
        return urns.type_of(self.urn).rsplit(":", 1)[-1]

    @property
    def name(self) -> str:
        """The logical name."""
        return urns.name_of(self.urn)


def changes(before: Sequence[Resource], after: Sequence[Resource]) -> list[Change]:
    """What `after` has otherwise than `before`, in the order of `after`, what is gone last.

    Secrets are masked in both, so that a secret with a new value is no change here.
    """
    old = {one["urn"]: one for one in before}
    new = {one["urn"]: one for one in after}
    found = []
    for urn, one in new.items():
        if urn not in old:
            found.append(_change("create", one, new))
        elif paths := tuple(_differing(old[urn], one)):
            found.append(_change("update", one, new, paths))
    return found + [_change("delete", one, old) for urn, one in old.items() if urn not in new]


def planned_changes(resources: Sequence[Resource]) -> list[Change]:
    """What a plan against a state would do, as the engine says it; each resource has its `changed` paths with it."""
    by_urn = {one["urn"]: one for one in resources}
    return [
        _change(one["operation"], one, by_urn, tuple(one["changed"]))
        for one in resources
        if one["operation"] in {"create", "update", "replace", "delete"}
    ]


def grouped(found: Iterable[Change]) -> dict[str, dict[str, list[Change]]]:
    """Cluster ("" for what is in none) to component to its changes, clusters by name and those in none last."""
    groups: dict[str, dict[str, list[Change]]] = {}
    for one in sorted(found, key=lambda change: (change.cluster == "", change.cluster)):
        groups.setdefault(one.cluster, {}).setdefault(one.component, []).append(one)
    return groups


def by_name(value: Any) -> Any:
    """The value with every list whose elements are mappings of unlike names as a mapping by these names."""
    if isinstance(value, Mapping):
        return {key: by_name(inner) for key, inner in value.items()}
    if not isinstance(value, list):
        return value
    names = [one.get("name") if isinstance(one, Mapping) else None for one in value]
    if value and all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
        return {str(name): by_name(one) for name, one in zip(names, value, strict=True)}
    return [by_name(one) for one in value]


def ancestry(urn: str, resources: Mapping[str, Resource]) -> Iterator[str]:
    """The URN and those of its parents, innermost first, without the root stack."""
    while urn in resources and urns.type_of(urn) != urns.STACK_TYPE:
        yield urn
        urn = resources[urn]["parent"]


def _change(
    operation: Literal["create", "update", "replace", "delete"],
    one: Resource,
    among: Mapping[str, Resource],
    paths: tuple[str, ...] = (),
) -> Change:
    urn = one["urn"]
    above = (each for each in ancestry(urn, among) if urns.type_of(each).startswith(COMPONENT))
    return Change(
        operation=operation,
        urn=urn,
        cluster=one["cluster"] or "",
        component=next(above, urn),
        paths=paths,
    )


def _differing(old: Resource, new: Resource) -> Iterator[str]:
    if old["provider"] != new["provider"]:
        yield "provider"
    yield from map(diff.text, diff.changed_paths(_comparable(old), _comparable(new)))


def _comparable(one: Resource) -> Any:
    """The inputs, without the random end of a name that the engine made up: it is another one in every plan."""
    made_up = re.compile(rf"{re.escape(one['name'])}-[0-9a-f]{{7,8}}")

    def settled(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: settled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [settled(inner) for inner in value]
        return one["name"] if isinstance(value, str) and made_up.fullmatch(value) else value

    return by_name(settled(one["inputs"]))
