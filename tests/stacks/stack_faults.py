"""Mistakes that somebody could make in the program: what is changed, and the control that must see it.

Each is one change of what stack prod declares: a value put elsewhere, an object dropped, or one added. What the stack
has none of (a model that is served) is added whole and right but for the mistake.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from controls.fields import fields
from controls.item import Item
from controls.objects import items

World = dict[str, Item]
"""Logical name to item."""

Fault = Callable[[World], None]


def put(name: str, path: str, value: Any) -> Fault:
    """Set the value at a path of keys; a number is a place in a list, and `+` one more at its end."""

    def fault(world: World) -> None:
        inputs: Any = copy.deepcopy(world[name].fields.data)
        *above, last = path.split(" ")
        here = inputs
        for key in above:
            here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
        if last == "+":
            here.append(value)
        elif value is GONE:
            del here[int(last) if isinstance(here, list) else last]
        else:
            here[int(last) if isinstance(here, list) else last] = value
        assert inputs != world[name].fields.data, "the fault changes nothing"
        world[name] = _with(world[name], inputs)

    return fault


class _Gone:
    """Stands for no value."""


GONE = _Gone()


def gone(name: str, path: str) -> Fault:
    return put(name, path, GONE)


def drop(*names: str) -> Fault:
    def fault(world: World) -> None:
        for name in names:
            del world[name]

    return fault


def add(manifest: dict[str, Any], like: str = "prod-eu-mlflow-server") -> Fault:
    """One more object, in the cluster of another; labelled as that one is."""

    def fault(world: World) -> None:
        labels = dict(world[like].labels.present())
        metadata = {**manifest["metadata"], "labels": {**labels, **manifest["metadata"].get("labels", {})}}
        (item,) = items({**manifest, "metadata": metadata}, cluster=world[like].cluster)
        world[f"added-{item.kind}"] = item

    return fault


def another(name: str, path: str, value: Any) -> Fault:
    """One more object like that one, under a name of its own and with the value at the path."""

    def fault(world: World) -> None:
        copies = {"extra": world[name]}
        put("extra", path, value)(copies)
        put("extra", "metadata name", "extra")(copies)
        world.update(copies)

    return fault


def declare(token: str, properties: dict[str, Any]) -> Fault:
    """One more resource of another provider."""

    def fault(world: World) -> None:
        (world[f"added-{token}"],) = items({"type": token, "name": "added", "properties": properties})

    return fault


def each(*faults: Fault) -> Fault:
    """One after another."""

    def fault(world: World) -> None:
        for one in faults:
            one(world)

    return fault


def _with(item: Item, inputs: Any) -> Item:
    return Item(
        kind=item.kind,
        api_version=item.api_version,
        fields=fields(inputs),
        cluster=item.cluster,
        resource=item.resource,
        protected=item.protected,
    )
