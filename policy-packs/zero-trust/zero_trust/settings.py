"""The pack's configuration: levels and exemptions, parsed from whatever was given.

The same keys hold in a file for `mlops policy --config`, in one for `pulumi --policy-pack-config`, and over
the analyzer protocol. Parsing never raises: what is wrong becomes a problem, and grants nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from zero_trust.catalogue import CONTROLS
from zero_trust.control import Level
from zero_trust.exemptions import Exemption

PACK_NAME: Final = "zero-trust"
"""Also the policy to which the configuration is given, and so its key in a file."""

EXEMPTION_KEYS: Final = ("control", "kind", "namespace", "name", "owner", "reason", "expiry")
_MAY_BE_EMPTY: Final = ("namespace",)
_CONTROL_IDS: Final = sorted(CONTROLS)

SCHEMA: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        "exemptions": {
            "type": "array",
            "default": [],
            "description": "Findings that are accepted, each up to and including a day.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": list(EXEMPTION_KEYS),
                "properties": {
                    "control": {"type": "string", "enum": _CONTROL_IDS},
                    "kind": {"type": "string", "minLength": 1},
                    "namespace": {"type": "string", "description": "Empty where the object names none."},
                    "name": {"type": "string", "minLength": 1},
                    "owner": {"type": "string", "minLength": 1},
                    "reason": {"type": "string", "minLength": 1},
                    "expiry": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
                },
            },
        },
        "enforcementLevels": {
            "type": "object",
            "default": {},
            "description": "Level by control, where it differs from the control's own.",
            "additionalProperties": False,
            "properties": {
                control: {"type": "string", "enum": [level.value for level in Level]}
                for control in _CONTROL_IDS
            },
        },
    }
)
"""JSON Schema of each key, as Pulumi checks it before the pack runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What applies to a run. `problems` are the parts of the input that were refused."""

    exemptions: tuple[Exemption, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[str, ...] = ()

    def level(self, control: str) -> Level:
        return self.levels.get(control, CONTROLS[control].level)


def parse(raw: object) -> Settings:
    """Read the configuration of the pack; None is an empty one."""
    if raw is None:
        return Settings()
    if not isinstance(raw, Mapping):
        return Settings(problems=("configuration: must be a mapping of " + _listed(SCHEMA),))
    problems = [f"{_key(key)}: unknown key; known are {_listed(SCHEMA)}" for key in raw if key not in SCHEMA]
    exemptions = tuple(_exemptions(raw.get("exemptions"), problems))
    levels = MappingProxyType(dict(_levels(raw.get("enforcementLevels"), problems)))
    return Settings(exemptions=exemptions, levels=levels, problems=tuple(problems))


def _levels(raw: object, problems: list[str]) -> Iterator[tuple[str, Level]]:
    if raw is not None and not isinstance(raw, Mapping):
        problems.append("enforcementLevels: must be a mapping of control to level")
        return
    for control, level in (raw or {}).items():
        if control not in CONTROLS:
            problems.append(f"enforcementLevels.{_key(control)}: no such control; see docs/policies.md")
        elif level not in (known := [item.value for item in Level]):
            problems.append(f"enforcementLevels.{control}: must be one of {_listed(known)}")
        else:
            yield control, Level(level)


def _exemptions(raw: object, problems: list[str]) -> Iterator[Exemption]:
    if raw is not None and not isinstance(raw, list):
        problems.append("exemptions: must be a list")
        return
    known: set[tuple[str, ...]] = set()
    for index, entry in enumerate(raw or []):
        faults = list(_entry_faults(entry))
        problems.extend(f"exemptions[{index}]{fault}" for fault in faults)
        if faults:
            continue
        target = tuple(entry[key] for key in ("control", "kind", "namespace", "name"))
        if target in known:
            problems.append(f"exemptions[{index}]: repeats an earlier entry; keep one")
            continue
        known.add(target)
        yield Exemption(**{key: entry[key] for key in EXEMPTION_KEYS} | {"expiry": _day(entry["expiry"])})


def _entry_faults(entry: object) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield ": must be a mapping with " + _listed(EXEMPTION_KEYS)
        return
    for key in entry:
        if key not in EXEMPTION_KEYS:
            yield f".{_key(key)}: unknown key; known are {_listed(EXEMPTION_KEYS)}"
    for key in EXEMPTION_KEYS:
        value = entry.get(key)
        if key == "expiry":
            if _day(value) is None:
                yield ".expiry: must be a day written as YYYY-MM-DD"
        elif not isinstance(value, str):
            yield f".{key}: must be given, as a string"
        elif not value.strip() and key not in _MAY_BE_EMPTY:
            yield f".{key}: must not be empty"
        elif key == "control" and value not in CONTROLS:
            yield ".control: no such control; see docs/policies.md"


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


def _listed(names: object) -> str:
    return ", ".join(names)  # type: ignore[arg-type]
