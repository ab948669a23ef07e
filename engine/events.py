"""What a run tells its watcher while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["start", "progress", "done", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One step of a run. `seconds` is the time since the resource's own `start`. Messages hold no secret."""

    kind: Kind
    urn: str
    name: str
    cluster: str | None
    operation: str
    seconds: float = 0.0
    message: str = ""


OnEvent = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The watcher of those who do not watch."""
