"""What a program asks for: one registered resource, as the rest of the engine sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.errors import RegistrationError
from engine.values import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """customTimeouts in seconds; None leaves the provider's own."""

    create: float | None = None
    update: float | None = None
    delete: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The resource options that decide what the engine does (not what the provider gets)."""

    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    deleted_with: str = ""
    import_id: str = ""
    timeouts: Timeouts = Timeouts()


NO_OPTIONS = Options()


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A registered resource. `provider` is the URN of its provider, "" for components and providers.

    `aliases` are complete URNs. `request` is the Struct the inputs came in: an answer that repeats the
    inputs may send it back unconverted.
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    provider: str
    providers: Mapping[str, str]
    inputs: Properties
    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]
    options: Options = NO_OPTIONS
    aliases: tuple[str, ...] = ()
    request: Any = field(default=None, repr=False)

    @property
    def needs(self) -> tuple[str, ...]:
        """Every URN that must stand before this resource: dependencies, provider and parent."""
        return tuple(filter(None, (*self.dependencies, self.provider, self.parent)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a goal. `outputs` None repeats the inputs; a failed one leaves unknowns behind."""

    id: str = ""
    outputs: Properties | None = None
    failed: bool = False
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One of the resources of a type that a program made: its name, and whether it has a provider."""

    name: str
    custom: bool


class Handler(Protocol):
    """Who decides what to do with goals: the plan, or the deployment. Called from several threads."""

    def precheck(self, types: Mapping[str, Made]) -> None:
        """See the types of all resources that the program made, by type token, before any is registered."""

    def register(self, goal: Goal) -> Outcome:
        """Do what the goal needs; block until it is done."""

    def read(self, goal: Goal, id_: str) -> Outcome:
        """Look up an existing object that the program does not own."""

    def function(self, token: str, inputs: Properties, provider: str) -> Properties | None:
        """What a provider's function answers; None where nobody can tell yet. Raises Refusal for what it cannot."""

    def outputs(self, urn: str, outputs: Properties) -> None:
        """The outputs of a component or of the stack."""

    def log(self, severity: str, message: str, urn: str) -> None:
        """A message of the program."""


_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(duration: str, urn: str) -> float | None:
    """A Go duration (`1h5m`) in seconds; None for an empty one."""
    if not duration:
        return None
    parts = _DURATION.findall(duration)
    if "".join(number + unit for number, unit in parts) != duration:
        raise RegistrationError(
            f"{urn}: customTimeouts: given {duration!r}, needs a duration such as 5m or 90s"
        )
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
