"""What the commands print: progress with elapsed time on stderr, results on stdout, no colour when piped."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.errors import CommandRefused

PIPED_WIDTH = 160
"""Columns of a table that nobody's terminal limits."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
"""The option of every command that has machine output."""

out = Console(width=None if sys.stdout.isatty() else PIPED_WIDTH)
err = Console(stderr=True, width=None if sys.stderr.isatty() else PIPED_WIDTH)


def print_json(value: Any) -> None:
    """Machine output: plain JSON, whatever stdout is."""
    print(json.dumps(value, indent=2, sort_keys=False, default=str))


def escaped(text: str) -> str:
    """Text from elsewhere, so that its square brackets are not taken for markup."""
    return escape(text)


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


@contextmanager
def writing(option: str) -> Iterator[None]:
    """Around the writing of what an option names. Raises CommandRefused, naming both, where the system refuses it."""
    try:
        yield
    except OSError as error:
        raise CommandRefused(f"{option} {error.filename}: cannot be written: {error.strerror}") from None


class LiveStep:
    """One running step on a terminal."""

    def __init__(self, progress: Progress, task: TaskID, name: str) -> None:
        self._progress, self._task, self._name = progress, task, name

    def update(self, text: str) -> None:
        self._progress.update(self._task, description=f"{self._name}: {text}")


class PlainStep:
    """One running step in a log: a line now and then, so that a download does not fill it."""

    EVERY = 5.0
    """Seconds between two lines of a step."""

    def __init__(self, name: str, started: float) -> None:
        self._name, self._started, self._told = name, started, float("-inf")

    def update(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told >= self.EVERY:
            self._told = now
            err.print(
                f"  {self._name}: {text} ({now - self._started:.0f} s)", highlight=False, soft_wrap=True
            )


class ConsoleProgress:
    """The commands' implementation of `lab.progress.Progress`; steps may run in parallel threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._live: Progress | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[LiveStep | PlainStep]:
        started = time.monotonic()
        step: LiveStep | PlainStep
        if err.is_terminal:
            live, task = self._begin(name)
            step = LiveStep(live, task, name)
        else:
            err.print(f"… {name}", highlight=False)
            step = PlainStep(name, started)
        done = False
        try:
            yield step
            done = True
        finally:
            if isinstance(step, LiveStep):
                self._end(task)
            mark = "[green]✓[/]" if done else "[red]✗[/]"
            err.print(f"{mark} {name} [dim]{time.monotonic() - started:.1f} s[/]", highlight=False)

    def say(self, text: str) -> None:
        err.print(text, highlight=False)

    def _begin(self, name: str) -> tuple[Progress, TaskID]:
        with self._lock:
            if self._live is None:
                self._live = Progress(
                    SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
                    console=err, transient=True,
                )  # fmt: skip
                self._live.start()
            self._running += 1
            return self._live, self._live.add_task(name, total=None)

    def _end(self, task: TaskID) -> None:
        with self._lock:
            assert self._live is not None
            self._live.remove_task(task)
            self._running -= 1
            if self._running == 0:
                self._live.stop()
                self._live = None
