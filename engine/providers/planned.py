"""Packages that this engine plans and never applies: clouds, and everything it does not know."""

from __future__ import annotations

from typing import ClassVar

from engine.goal import Goal
from engine.providers.base import Provider
from engine.row import Row
from engine.values import Properties


class PlannedProvider(Provider):
    """Repeats the inputs; all other outputs stay unknown."""

    package: ClassVar[str] = "planned"

    def __init__(self, package: str) -> None:
        self.name = package

    def check(self, goal: Goal, old: Row | None) -> Properties:
        del old
        return goal.inputs
