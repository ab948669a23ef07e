"""The shape of a control: its data and one pure check."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Subject = TypeVar("Subject")


class Severity(enum.Enum):
    """How much an attacker gains where the control is broken."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(enum.Enum):
    """What a violation does: stop the deployment, be shown, or nothing."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True, slots=True)
class Control(Generic[Subject]):
    """One rule of the catalogue.

    `check` yields one message for each defect of a subject. It must not raise on any subject, and a
    message says where the defect is, what was seen and what would be right, without repeating a value.
    A value that cannot be known or has the wrong type is a defect wherever the value is what is judged,
    and counts as present where only presence is.
    """

    id: str
    title: str
    severity: Severity
    anchors: tuple[str, ...]
    check: Callable[[Subject], Iterator[str]]
    level: Level = Level.MANDATORY
