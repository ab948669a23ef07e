"""The shape of a control: its data, its words, and one or two pure checks."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from controls.item import Item
from controls.pods import Pod
from controls.settings import Settings
from controls.stack import Stack

ItemCheck: TypeAlias = Callable[[Item, Settings], Iterator[str]]
"""One message for each defect of one item."""

StackCheck: TypeAlias = Callable[[Stack, Settings], Iterator[tuple[Item, str]]]
"""One message for each defect of a relation, with the item that must change."""


EVERY_OBJECT: Final = "*"
"""Stands in `Control.kinds` for every Kubernetes object, whatever its type."""


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
class Control:
    """One rule of the catalogue.

    A check must not raise on any input. A message says where the defect is, what was seen and what would be
    right, without repeating a value (`fields.seen`); names of objects it may repeat (`fields.quoted`). A value
    that cannot be known or has the wrong type is a defect wherever the value is what is judged, and counts as
    present where only presence is.

    `check` judges an item alone and is called for the types in `kinds` only (`item.Item.type`; `pods.KINDS` for
    all that bear a pod, EVERY_OBJECT for all of Kubernetes). `check_stack` judges all items of a stack together.
    `bad` and `good` are YAML documents, judged together under `given` (keys as in `settings.SCHEMA`): a test
    holds that `bad` breaks the control and `good` does not.
    """

    id: str
    title: str
    severity: Severity
    anchors: tuple[str, ...]
    why: str
    fix: str
    bad: str
    good: str
    kinds: tuple[str, ...] = ()
    check: ItemCheck | None = None
    check_stack: StackCheck | None = None
    level: Level = Level.MANDATORY
    given: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def on_pod(check: Callable[[Pod], Iterator[str]]) -> ItemCheck:
    """The check of an item whose kind bears a pod, from one of its pod."""
    return lambda item, _: check(item.pod) if item.pod is not None else iter(())
