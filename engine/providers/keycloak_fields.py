"""How inputs become Keycloak's representations: one row of a table for each input."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from engine.values import UNKNOWN, Properties, plain

SEPARATOR: Final = "##"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class Absent(Enum):
    """KEEP: an input that is not stated leaves alone what Keycloak has."""

    KEEP = 0


KEEP: Final = Absent.KEEP


@dataclass(frozen=True, slots=True)
class Field:
    """One input and where it stands in a representation.

    `key` is the same name if it is "", an entry of a map as `attributes/login_theme`, "*" if `to` gives several
    entries of the representation, and None if it is no part of it. An input that is not stated counts as
    `default`; `initial` counts instead when an object is made, and later what Keycloak has stays. `to` raises
    ValueError, TypeError or KeyError for what it cannot use.
    """

    name: str
    key: str | None = ""
    default: Any = KEEP
    initial: Any = KEEP
    to: Callable[[Any], Any] = lambda value: value
    choices: tuple[str | int, ...] = ()

    def absent(self, *, making: bool) -> Any:
        """What counts when it is not stated."""
        return self.initial if making and self.initial is not KEEP else self.default


def rendered(
    fields: Iterable[Field], given: Properties, current: Properties | None = None, *, stated: bool = False
) -> Properties:
    """The entries of the representation that the inputs decide.

    `current` is the object as Keycloak has it, None when it is made: maps keep their other entries. `stated`
    leaves out what the inputs do not state, for an object that stays as it is but for them.
    """
    body: Properties = {}
    for field in fields:
        value = given.get(field.name)
        if value is None and not stated:
            value = field.absent(making=current is None)
        if field.key is None or value is KEEP or value is None:
            continue
        converted = field.to(value)
        if field.key == "*":
            body.update(converted)
            continue
        head, _, entry = (field.key or field.name).partition("/")
        if entry:
            body.setdefault(head, dict((current or {}).get(head) or {}))[entry] = converted
        else:
            body[head] = converted
    return body


def holds(current: Properties, own: Properties) -> bool:
    """Does an object say all that already? Lists are compared whatever their order."""
    for key, value in own.items():
        there = current.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            if not holds(there, value):
                return False
        elif isinstance(value, list) and isinstance(there, list):
            if sorted(map(str, value)) != sorted(map(str, there)):
                return False
        elif value != there:
            return False
    return True


def defaults(fields: Iterable[Field]) -> Properties:
    """The plain values that count where a program states nothing: the provider shows them as outputs."""
    found = {field.name: field.absent(making=True) for field in fields}
    return {name: value for name, value in found.items() if isinstance(value, (bool, int, str))}


def problems(fields: Iterable[Field], inputs: Properties) -> list[str]:
    """What is wrong with these inputs: names that no field has, values that are none of its choices."""
    known = {field.name: field for field in fields}
    found = [
        f"{name} is not supported by this engine; leave it out or run with --engine pulumi"
        for name in sorted(inputs.keys() - known.keys())
        if not name.startswith("__")
    ]
    for name, field in known.items():
        value = plain(inputs.get(name))
        if field.choices and value is not None and value is not UNKNOWN and value not in field.choices:
            found.append(f"{name}: given {value!r}, one of {', '.join(map(str, field.choices))} is needed")
    return found


def quoted(value: Any) -> str:
    """A boolean as Keycloak keeps it in maps of texts."""
    return "true" if value in (True, "true") else "false"


def many(values: Properties) -> dict[str, list[str]]:
    """Attributes with several values each, which a program joins with `##`."""
    return {name: str(value).split(SEPARATOR) for name, value in values.items()}


def seconds(duration: str) -> int:
    """A Go duration (`1h5m`, `300s`) in whole seconds."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"given {duration!r}, needs a duration such as 5m or 1h30m")
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts))


def renamed(fields: Iterable[Field]) -> Callable[[Properties], Properties]:
    """A converter of nested inputs: each by its own field."""
    table = tuple(fields)

    def convert(value: Properties) -> Properties:
        wrong = problems(table, value)
        if wrong:
            raise ValueError("; ".join(wrong))
        return rendered(table, value)

    return convert
