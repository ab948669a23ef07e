"""Which waits of a run are worth a line: those that last, told at growing intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.events import Event

FIRST: Final = 5.0
"""Seconds that a wait lasts before it is told."""

LONGEST: Final = 60.0
"""Seconds between two lines of one wait at the most; each interval is twice the one before."""


@dataclass
class _Wait:
    event: Event
    began: float
    due: float
    interval: float = FIRST


class Waits:
    """The waits under way. Each is told with its latest message; one that ends in time is never told."""

    def __init__(self) -> None:
        self._open: dict[str, _Wait] = {}

    def hear(self, event: Event, now: float) -> None:
        """Take in an event: a wait begins or has another message, or what was waited for is over."""
        if event.kind in ("done", "failed", "skipped"):
            self._open.pop(event.urn, None)
        elif event.kind == "progress":
            known = self._open.get(event.urn)
            if known is not None:
                known.event = event
            else:
                began = now - event.seconds
                self._open[event.urn] = _Wait(event=event, began=began, due=began + FIRST)

    def due(self, now: float) -> Iterator[tuple[Event, float]]:
        """The waits that are to be told now, each with the seconds that it has lasted."""
        for wait in self._open.values():
            if now >= wait.due:
                wait.interval = min(2 * wait.interval, LONGEST)
                wait.due = now + wait.interval
                yield wait.event, now - wait.began
