"""How long work is reported: named steps that end well or badly, seen by whoever shows them.

Steps are entered from several threads at once, so an implementation must be thread-safe.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Step(Protocol):
    """One piece of work under way."""

    def update(self, text: str) -> None:
        """Say what the step is doing now; the last text stays beside the step's name."""


class Progress(Protocol):
    """Where steps are shown."""

    def step(self, name: str) -> AbstractContextManager[Step]:
        """Open a step; leaving the block ends it, an exception marks it as failed and goes on."""

    def say(self, text: str) -> None:
        """A line that must be seen although no step asks for it (a port that moved, a rebuilt binary)."""


class _SilentStep:
    def update(self, text: str) -> None:
        """Nothing is shown."""


class SilentProgress:
    """Shows nothing."""

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:  # noqa: ARG002
        yield _SilentStep()

    def say(self, text: str) -> None:
        """Nothing is shown."""


class _LineStep:
    def __init__(self, progress: LineProgress, name: str) -> None:
        self._progress, self._name = progress, name

    def update(self, text: str) -> None:
        self._progress.say(f"{self._name}: {text}")


class LineProgress:
    """One plain line per event, with the seconds since the start. For logs and pipes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        with self._lock:
            print(f"{time.monotonic() - self._started:7.1f}s  {text}", file=self._stream, flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        begun = time.monotonic()
        self.say(f"{name} ...")
        try:
            yield _LineStep(self, name)
        except BaseException:
            self.say(f"{name}: failed after {time.monotonic() - begun:.1f} s")
            raise
        self.say(f"{name}: done in {time.monotonic() - begun:.1f} s")
