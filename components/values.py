"""Values of charts put together from parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both, mapping by mapping. Raises ValueError where they give different values for one key."""
    found = dict(first)
    for key, value in second.items():
        if isinstance(value, Mapping) and isinstance(found.get(key), Mapping):
            found[key] = merged(found[key], value)
        elif found.setdefault(key, value) != value:
            raise ValueError(f"{key}: {found[key]!r} and {value!r}")
    return found
