"""What would have been right: the nearest of the allowed values, else all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(given: object, allowed: Iterable[str]) -> str | None:
    """The allowed value most like `given`, or None if nothing comes near. Case does not count."""
    by_folded = {value.casefold(): value for value in allowed}
    near = difflib.get_close_matches(str(given).casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def or_list(given: object, allowed: Iterable[str]) -> str:
    """A remedy: `did you mean 'x'? allowed are 'x', 'y'`."""
    values = list(allowed)
    near = closest(given, values)
    listed = ", ".join(repr(value) for value in values)
    return f"did you mean {near!r}? allowed are {listed}" if near else f"use one of {listed}"
