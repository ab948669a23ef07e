"""What providers that Pulumi bridges have in common."""

from __future__ import annotations

from typing import Any

from engine.values import Properties, Secret


def stated(inputs: Properties) -> Properties:
    """Inputs without nulls at any depth: to a bridged provider null is what is not stated.

    The very same object if there are none.
    """
    found: Properties = _stated(inputs)
    return found


def _stated(item: Any) -> Any:
    if isinstance(item, dict):
        kept = {key: _stated(value) for key, value in item.items() if value is not None}
        same = len(kept) == len(item) and all(kept[key] is value for key, value in item.items())
        return item if same else kept
    if isinstance(item, list):
        each = [_stated(value) for value in item]
        return item if all(new is old for new, old in zip(each, item, strict=True)) else each
    if isinstance(item, Secret):
        inner = _stated(item.value)
        return item if inner is item.value else Secret(inner)
    return item
