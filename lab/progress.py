"""How long work is reported: named steps that end well or badly, seen by whoever shows them.

Steps are entered from several threads at once, so an implementation must be thread-safe.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

HEARTBEAT = 30.0
"""Seconds between two signs of life of a step that has nothing else to tell."""


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


@contextmanager
def heartbeat(tell: Callable[[float], None], every: float = HEARTBEAT) -> Iterator[None]:
    """Until the block ends, `tell` the seconds that it has taken so far, `every` so many seconds, from a thread
    of its own. Nothing is told once the block has ended."""
    begun, ended = time.monotonic(), threading.Event()

    def beat() -> None:
        while not ended.wait(every):
            tell(time.monotonic() - begun)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class _LineStep:
    def __init__(self, progress: LineProgress, name: str) -> None:
        self._progress, self._name, self._last = progress, name, ""

    def update(self, text: str) -> None:
        self._last = f" ({text})"
        self._progress.say(f"{self._name}: {text}")

    def still(self, seconds: float) -> None:
        self._progress.say(f"{self._name}: still at it after {seconds:.0f} s{self._last}")


class LineProgress:
    """One plain line per event, with the seconds since the start, and one every `every` seconds for a step that
    goes on (so that whoever watches a log sees it live). For logs and pipes."""

    def __init__(self, stream: TextIO | None = None, every: float = HEARTBEAT) -> None:
        self._stream = stream or sys.stderr
        self._every = every
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        with self._lock:
            print(f"{time.monotonic() - self._started:7.1f}s  {text}", file=self._stream, flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        begun = time.monotonic()
        self.say(f"{name} ...")
        step = _LineStep(self, name)
        try:
            with heartbeat(step.still, self._every):
                yield step
        except BaseException:
            self.say(f"{name}: failed after {time.monotonic() - begun:.1f} s")
            raise
        self.say(f"{name}: done in {time.monotonic() - begun:.1f} s")
