"""What the service is told: budgets, what a slice is worth, and when a GPU is idle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Budget:
    """GPU-hours a calendar month (UTC) of a team, and of each of its engineers; None is no bound."""

    team: float | None = None
    engineer: float | None = None


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Below `utilisation` (0 to 1) for `warn_seconds` a development environment is warned, after `stop_seconds` it is
    stopped."""

    utilisation: float
    warn_seconds: float
    stop_seconds: float


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`worth` is the part of a GPU that one slice is, by pool and resource; `idle` is None where nobody looks."""

    budgets: Mapping[str, Budget]
    worth: Mapping[str, Mapping[str, float]]
    idle: Idle | None = None


def read(file: Path) -> Settings:
    """Raises OSError, or ValueError, KeyError or TypeError for a file that is not as it should be."""
    given = json.loads(file.read_text(encoding="utf-8"))
    return Settings(
        budgets={team: Budget(**budget) for team, budget in given["budgets"].items()},
        worth=given["worth"],
        idle=Idle(**given["idle"]) if given.get("idle") else None,
    )
