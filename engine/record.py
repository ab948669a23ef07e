"""What happened in a run, collected from several threads, and the watcher who is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from engine.events import Event, Kind, OnEvent

OPERATIONS: Final = ("create", "update", "replace", "delete", "same", "read", "failed", "skipped")


class Record:
    """Counts, failures and skips of a run. `touched` says that something outside of the state was acted on."""

    def __init__(self, on_event: OnEvent) -> None:
        self.changes: dict[str, int] = dict.fromkeys(OPERATIONS, 0)
        self.failures: dict[str, str] = {}
        self.skipped: dict[str, str] = {}
        self.touched = False
        self._on_event = on_event
        self._lock = threading.Lock()

    def settled(self, urn: str) -> bool:
        """Has it failed or been skipped?"""
        return urn in self.failures or urn in self.skipped

    def count(self, operation: str) -> None:
        """One more resource with this operation."""
        with self._lock:
            self.changes[operation] += 1

    def fail(self, urn: str, message: str) -> bool:
        """Note a failure; a second one of the same resource changes nothing. Answers whether it was the first."""
        with self._lock:
            if urn in self.failures:
                return False
            self.failures[urn] = message
            self.changes["failed"] += 1
            return True

    def skip(self, urn: str, reason: str) -> None:
        """Note that a resource was left alone because of another one."""
        with self._lock:
            self.skipped[urn] = reason
            self.changes["skipped"] += 1

    def tell(self, event: Event) -> None:
        """Pass on an event."""
        with self._lock:
            self._on_event(event)


class Step:
    """The events of one resource's action."""

    def __init__(self, record: Record, urn: str, name: str, cluster: str | None, operation: str) -> None:
        self._record = record
        self._started = time.monotonic()
        self._urn, self._name, self._cluster = urn, name, cluster
        self.operation = operation

    @contextmanager
    def shown(self) -> Iterator[Step]:
        """Tell the start; and the end, if the block ends without an exception."""
        self.tell("start")
        yield self
        self.tell("done")

    def progress(self, message: str) -> None:
        """Tell what is waited for."""
        self.tell("progress", message)

    def tell(self, kind: Kind, message: str = "") -> None:
        """Tell something with the time since the step was made."""
        seconds = time.monotonic() - self._started
        self._record.tell(
            Event(
                kind=kind,
                urn=self._urn,
                name=self._name,
                cluster=self._cluster,
                operation=self.operation,
                seconds=round(seconds, 3),
                message=message,
            )
        )
