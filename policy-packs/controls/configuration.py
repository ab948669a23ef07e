"""A pack's configuration: settings, levels and exemptions, parsed from whatever was given.

The same keys hold in a file for `mlops policy --config`, in one for `pulumi --policy-pack-config`, and over
the analyzer protocol. Parsing never raises: what is wrong becomes a problem, and grants nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from controls import settings as known
from controls.catalogue import CONTROLS
from controls.control import Level
from controls.exemptions import Exemption, Place
from controls.settings import Settings

PLACE_KEYS: Final = ("kind", "namespace", "name")
EXEMPTION_KEYS: Final = ("control", *PLACE_KEYS, "owner", "reason", "expiry")
_OBJECTS: Final = "objects"
_MAY_BE_EMPTY: Final = ("namespace",)
_LEVELS: Final = tuple(level.value for level in Level)
_ENVIRONMENTS: Final[tuple[str, ...]] = tuple(known.SCHEMA["environment"]["enum"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """What applies to a run. `problems` are the parts of the input that were refused."""

    settings: Settings = field(default_factory=Settings)
    exemptions: tuple[Exemption, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[str, ...] = ()

    def level(self, control: str) -> Level:
        return self.levels.get(control, CONTROLS[control].level)

    def narrowed(self, controls: Iterable[str]) -> Configuration:
        """The part of it that is about these controls."""
        ids = frozenset(controls)
        return replace(self, exemptions=tuple(one for one in self.exemptions if one.control in ids))


def schema(controls: Iterable[str] = CONTROLS) -> dict[str, dict[str, Any]]:
    """JSON Schema of each key for a pack of these controls, as Pulumi checks it before the pack runs."""
    ids = sorted(controls)
    level = {"type": "string", "enum": list(_LEVELS)}
    control = {"type": "string", "enum": ids}
    placed = [{"required": [key]} for key in PLACE_KEYS]
    place = {
        "kind": {"type": "string", "minLength": 1},
        "namespace": {"type": "string", "description": "Empty where the object names none."},
        "name": {"type": "string", "minLength": 1},
    }
    by_environment = {
        "type": "object",
        "additionalProperties": False,
        "properties": dict.fromkeys(_ENVIRONMENTS, level),
    }
    return {
        **known.SCHEMA,
        "exemptions": {
            "type": "array",
            "default": [],
            "description": "Findings that are accepted, each up to and including a day.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [key for key in EXEMPTION_KEYS if key not in PLACE_KEYS],
                "oneOf": [{"required": list(PLACE_KEYS)}, {"required": [_OBJECTS], "not": {"anyOf": placed}}],
                "properties": {
                    "control": {"oneOf": [control, {"type": "array", "items": control, "minItems": 1}]},
                    **place,
                    _OBJECTS: {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": list(PLACE_KEYS),
                            "properties": place,
                        },
                    },
                    "owner": {"type": "string", "minLength": 1},
                    "reason": {"type": "string", "minLength": 1},
                    "expiry": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
                },
            },
        },
        "enforcementLevels": {
            "type": "object",
            "default": {},
            "description": "Level by control, or by control and environment, where it differs from its own.",
            "additionalProperties": False,
            "properties": {control: {"oneOf": [level, by_environment]} for control in ids},
        },
    }


def parse(raw: object, controls: Iterable[str] = CONTROLS) -> Configuration:
    """Read the configuration for these controls; None is an empty one."""
    ids, keys = frozenset(controls), (*known.SCHEMA, "exemptions", "enforcementLevels")
    if raw is None:
        return Configuration()
    if not isinstance(raw, Mapping):
        return Configuration(problems=("configuration: must be a mapping of " + _listed(keys),))
    problems = [f"{_key(key)}: unknown key; known are {_listed(keys)}" for key in raw if key not in keys]
    settings = _settings(raw, problems)
    exemptions = tuple(_exemptions(raw.get("exemptions"), ids, problems))
    levels = dict(_levels(raw.get("enforcementLevels"), ids, settings.environment, problems))
    return Configuration(
        settings=settings, exemptions=exemptions, levels=MappingProxyType(levels), problems=tuple(problems)
    )


def _settings(raw: Mapping[Any, object], problems: list[str]) -> Settings:
    given: dict[str, Any] = {}
    for key, one in known.FIELDS.items():
        value = raw.get(key)
        fault = None if value is None else known.fault(key, value)
        if fault:
            problems.append(f"{key}: {fault}")
        elif value is not None:
            given[one.name] = known.plain(one.default, value)
    return Settings(**given)


def _levels(
    raw: object, ids: frozenset[str], environment: str, problems: list[str]
) -> Iterator[tuple[str, Level]]:
    if raw is not None and not isinstance(raw, Mapping):
        problems.append("enforcementLevels: must be a mapping of control to level")
        return
    for control, given in (raw or {}).items():
        where = f"enforcementLevels.{_key(control)}"
        levels = given if isinstance(given, Mapping) else dict.fromkeys(_ENVIRONMENTS, given)
        if control not in ids:
            problems.append(f"{where}: no such control; see docs/policies.md")
        elif stray := [key for key in levels if key not in _ENVIRONMENTS]:
            problems.append(f"{where}.{_key(stray[0])}: must be one of {_listed(_ENVIRONMENTS)}")
        elif any(level not in _LEVELS for level in levels.values()):
            problems.append(f"{where}: must be one of {_listed(_LEVELS)}, or such a level by environment")
        elif environment in levels:
            yield control, Level(levels[environment])


def _exemptions(raw: object, ids: frozenset[str], problems: list[str]) -> Iterator[Exemption]:
    if raw is not None and not isinstance(raw, list):
        problems.append("exemptions: must be a list")
        return
    seen: set[tuple[str, Place]] = set()
    for index, entry in enumerate(raw or []):
        faults = list(_entry_faults(entry, ids))
        problems.extend(f"exemptions[{index}]{fault}" for fault in faults)
        for exemption in () if faults else _spelled_out(entry):
            if (exemption.control, exemption.place) in seen:
                problems.append(f"exemptions[{index}]: repeats an earlier entry; keep one")
                continue
            seen.add((exemption.control, exemption.place))
            yield exemption


def _spelled_out(entry: Mapping[str, Any]) -> Iterator[Exemption]:
    """One exemption for each control on each object of an entry without fault."""
    controls = [entry["control"]] if isinstance(entry["control"], str) else entry["control"]
    said = {key: entry[key] for key in ("owner", "reason")} | {"expiry": _day(entry["expiry"])}
    for control in controls:
        for place in entry.get(_OBJECTS, [entry]):
            yield Exemption(control=control, **{key: place[key] for key in PLACE_KEYS}, **said)


def _entry_faults(entry: object, ids: frozenset[str]) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield ": must be a mapping with " + _listed(EXEMPTION_KEYS)
        return
    for key in entry:
        if key not in (*EXEMPTION_KEYS, _OBJECTS):
            yield f".{_key(key)}: unknown key; known are {_listed((*EXEMPTION_KEYS, _OBJECTS))}"
    yield from _place_faults(entry)
    for key in (key for key in EXEMPTION_KEYS if key not in PLACE_KEYS):
        value = entry.get(key)
        if key == "expiry":
            if _day(value) is None:
                yield ".expiry: must be a day written as YYYY-MM-DD"
        elif key == "control" and isinstance(value, list):
            if not value or any(not isinstance(one, str) or one not in ids for one in value):
                yield ".control: no such control; see docs/policies.md"
        else:
            yield from _text_faults(key, value)
            if key == "control" and isinstance(value, str) and value.strip() and value not in ids:
                yield ".control: no such control; see docs/policies.md"


def _place_faults(entry: Mapping[Any, object]) -> Iterator[str]:
    placed = [key for key in PLACE_KEYS if key in entry]
    if _OBJECTS in entry:
        if placed:
            yield f".{_OBJECTS}: names every object; leave out {_listed(placed)} beside it"
        yield from _object_faults(entry[_OBJECTS])
    elif placed:
        for key in PLACE_KEYS:
            yield from _text_faults(key, entry.get(key))
    else:
        yield f": must say what is exempt, with {_listed(PLACE_KEYS)}, or with {_OBJECTS}"


def _object_faults(objects: object) -> Iterator[str]:
    if not isinstance(objects, list) or not objects:
        yield f".{_OBJECTS}: must be a list of mappings with {_listed(PLACE_KEYS)}"
        return
    for index, one in enumerate(objects):
        if not isinstance(one, Mapping) or set(one) != set(PLACE_KEYS):
            yield f".{_OBJECTS}[{index}]: must be a mapping with {_listed(PLACE_KEYS)}"
        else:
            for key in PLACE_KEYS:
                yield from (f".{_OBJECTS}[{index}]{fault}" for fault in _text_faults(key, one[key]))


def _text_faults(key: str, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield f".{key}: must be given, as a string"
    elif not value.strip() and key not in _MAY_BE_EMPTY:
        yield f".{key}: must not be empty"


def _day(value: object) -> date | None:
    """The day; YAML reads an unquoted one as a date, JSON and gRPC bring a string."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _key(key: object) -> str:
    return key if isinstance(key, str) and key.isprintable() else "?"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
