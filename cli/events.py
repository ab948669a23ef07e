"""How a run of the program is told: a line per finished resource, a summary, and what went wrong."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cli.console import err, escaped, out, table
from cli.waits import Waits
from engine.events import Event
from engine.packs import Violation

if TYPE_CHECKING:  # a preview loads nothing that applies
    from engine.deployment import Result
    from engine.plan import Plan

SIGNS = {
    "create": "[green]+[/]",
    "update": "[yellow]~[/]",
    "replace": "[magenta]±[/]",
    "delete": "[red]-[/]",
    "same": " ",
}


NAMES = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "failed": "failed",
    "skipped": "skipped",
}


SEVERITIES = {"info": "", "warning": "[yellow]warning:[/] ", "error": "[red]error:[/] "}
"""What the program itself logs comes with one of these in place of an operation."""


class Printer:
    """Prints events as they come, and as a context the waits that last, while it is open.

    Unchanged resources are only counted, so that an idle `up` stays short.
    """

    EVERY = 1.0
    """Seconds between two looks at the waits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waits = Waits()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="waits", daemon=True)

    def __enter__(self) -> Printer:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event.operation in SEVERITIES:
                _print(f"{SEVERITIES[event.operation]}{_place(event)}{escaped(event.message)}")
                return
            self._waits.hear(event, self._clock())
            line = _line(event)
            if line is not None:
                _print(line)

    def tell_waits(self) -> None:
        """Print a line for each wait whose time has come."""
        with self._lock:
            for event, seconds in self._waits.due(self._clock()):
                _print(f"  … {_place(event)}{escaped(event.message)} [dim]{seconds:.0f} s[/]")

    def _watch(self) -> None:
        while not self._ended.wait(self.EVERY):
            self.tell_waits()


def _line(event: Event) -> str | None:
    if event.kind == "done" and event.operation != "same":
        sign = SIGNS.get(event.operation, "?")
        return f"  {sign} {_cluster(event)}{escaped(event.name)} [dim]{event.seconds:.1f} s[/]"
    if event.kind == "failed":
        return f"  [red]✗[/] {_place(event)}{escaped(event.message)}"
    if event.kind == "skipped":
        return f"  [yellow]»[/] {_place(event)}{escaped(event.message)}"
    return None


def _place(event: Event) -> str:
    return _cluster(event) + (f"{escaped(event.name)}: " if event.name else "")


def _cluster(event: Event) -> str:
    return f"[dim]{escaped(event.cluster)}[/] " if event.cluster else ""


def _print(line: str) -> None:
    err.print(line, highlight=False, soft_wrap=True)


def show_violations(violations: Sequence[Violation]) -> None:
    """A line for each finding of the packs, the mandatory ones in red."""
    for violation in violations:
        level = "[red]mandatory[/]" if violation.mandatory else f"[yellow]{violation.level}[/]"
        where = violation.urn.rsplit("::", 1)[-1]
        err.print(f"{level} {where}: {escaped(violation.message)}", highlight=False, soft_wrap=True)


def show_result(result: Result) -> None:
    """What changed, in one line."""
    counts = [f"{count} {NAMES[name]}" for name, count in result.changes.items() if count and name in NAMES]
    same = result.changes.get("same", 0)
    text = (
        ", ".join([*counts, f"{same} unchanged"])
        if counts
        else f"nothing to change: {same} resources are as they should be"
    )
    out.print(f"{text} [dim]{result.seconds:.1f} s[/]", highlight=False)


def show_plan(plan: Plan) -> None:
    """The plan as counts by cluster and kind: what a reader can take in; `--json` has every input."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for resource in plan.resources:
        if resource.type != "pulumi:pulumi:Stack":
            key = (resource.cluster or "", resource.type.rsplit(":", 1)[-1])
            counts.setdefault(key, Counter())[resource.operation] += 1
    shown = table("", "cluster", "kind", "operation", "count")
    for (cluster, kind), operations in sorted(counts.items()):
        for operation, count in sorted(operations.items()):
            shown.add_row(cluster, kind, f"{SIGNS.get(operation, '')} {operation}".strip(), str(count))
    out.print(shown)
    out.print(f"{len(plan.resources)} resources")


def lines(what: str, problems: Sequence[tuple[str, str]]) -> str:
    """Each resource with a problem by its logical name, with what was said of it."""
    return "\n".join(
        [f"{len(problems)} {what}:", *(f"  {urn.rsplit('::', 1)[-1]}: {text}" for urn, text in problems)]
    )
