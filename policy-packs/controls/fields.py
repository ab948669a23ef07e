"""Defensive reading of plain data: whatever the input is, a read gives a value or says why there is none."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


class Unproved(enum.Enum):
    """Why a value cannot be judged; it stands in the place of the value and fails every comparison."""

    UNKNOWN = "is not known in preview"
    MALFORMED = "has the wrong type"


@dataclass(frozen=True, slots=True)
class Fields:
    """A read-only view of one mapping, or of the place where a mapping should have been.

    Reading from an unproved place gives its marker again, so doubt reaches exactly the controls that
    read there. An explicit null is the same as an absent key, as for the API server.
    """

    data: dict[object, object] | Unproved

    def value(self, key: str) -> object:
        """The raw value, None when absent or null, or the marker of this place."""
        if isinstance(self.data, Unproved):
            return self.data
        return self.data.get(key)

    def section(self, key: str) -> Fields:
        """The mapping under `key`; empty when absent."""
        return fields(self.value(key))

    def entries(self, key: str) -> tuple[Fields, ...]:
        """The mappings of the list under `key`; one unproved entry when it is neither a list nor a mapping.

        A mapping alone is read as the one entry: the API server refuses it, so that nothing is let through, and
        what it says can be told.
        """
        value = self.value(key)
        if isinstance(value, dict):
            return (fields(value),)
        return tuple(fields(entry, absent=Unproved.MALFORMED) for entry in self.values(key))

    def values(self, key: str) -> tuple[object, ...]:
        """The raw values of the list under `key`; its marker alone when it is no list."""
        value = self.value(key)
        if value is None:
            return ()
        if isinstance(value, list):
            return tuple(value)
        return (value if isinstance(value, Unproved) else Unproved.MALFORMED,)

    def present(self) -> Iterator[tuple[str, object]]:
        """Key and value of everything set; a key that is no string is shown as `?`."""
        if isinstance(self.data, dict):
            for key, value in self.data.items():
                if value is not None:
                    yield (key if isinstance(key, str) else "?"), value

    @property
    def unproved(self) -> Unproved | None:
        return self.data if isinstance(self.data, Unproved) else None


EMPTY: Final = Fields({})
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9./_:]{0,251}[a-z0-9])?", re.ASCII | re.IGNORECASE)


def fields(value: object, *, absent: Unproved | None = None) -> Fields:
    """View `value`; None is empty, or `absent` where a null is not the same as nothing."""
    if isinstance(value, dict | Unproved):
        return Fields(value)
    if value is None:
        return EMPTY if absent is None else Fields(absent)
    return Fields(Unproved.MALFORMED)


def text(value: object) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""


def is_given(value: object) -> bool:
    """Whether a text is stated, known yet or not."""
    return value is Unproved.UNKNOWN or (isinstance(value, str) and value != "")


def is_zero(value: object) -> bool:
    """Whether `value` is the number 0 (numbers arrive as floats over gRPC); False is no number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def whole(value: object) -> int | None:
    """A whole number that is not negative (numbers arrive as floats over gRPC), None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if value >= 0 and value == int(value) else None


def seen(value: object) -> str:
    """Say what was found without repeating it, since any value may be an unwrapped secret."""
    if value is None:
        return "is not set"
    if isinstance(value, Unproved):
        return value.value
    if isinstance(value, bool):
        return f"is {str(value).lower()}"
    if is_zero(value):
        return "is 0"
    return "has a value that is not allowed"


def quoted(value: object) -> str:
    """The name of an object in quotes; what no object could be called is not repeated."""
    return f'"{value}"' if isinstance(value, str) and _NAME.fullmatch(value) else "a name that is not shown"
