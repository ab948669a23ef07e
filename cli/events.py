"""How a run of the program is told: a line per finished resource, a summary, and what went wrong."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from cli.console import err, escaped, out, table
from engine.deployment import Result
from engine.events import Event
from engine.packs import Violation
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


class Printer:
    """Prints events as they come. Unchanged resources are only counted: an idle `up` stays short."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        line = self._line(event)
        if line is not None:
            with self._lock:
                err.print(line, highlight=False, soft_wrap=True)

    @staticmethod
    def _line(event: Event) -> str | None:
        where = f"[dim]{event.cluster}[/] " if event.cluster else ""
        sign = SIGNS.get(event.operation, "?")
        if event.kind == "done" and event.operation != "same":
            return f"  {sign} {where}{event.name} [dim]{event.seconds:.1f} s[/]"
        if event.kind == "progress":
            return f"  … {where}{event.name}: {escaped(event.message)} [dim]{event.seconds:.0f} s[/]"
        if event.kind == "failed":
            return f"  [red]✗[/] {where}{event.name}: {escaped(event.message)}"
        if event.kind == "skipped":
            return f"  [yellow]»[/] {where}{event.name}: {escaped(event.message)}"
        return None


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
