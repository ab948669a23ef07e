"""The answers as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.markup import escape
from rich.table import Table

from config.access import Role
from proof.cells import Answer

_NOBODY = "no role"


@dataclass(frozen=True, kw_only=True)
class Report:
    """Every answer. `seconds` is how long the whole proof took; cells were asked side by side."""

    answers: tuple[Answer, ...]
    seconds: float

    @property
    def cells(self) -> tuple[Answer, ...]:
        """Those of the matrix: one for each row and role."""
        return tuple(one for one in self.answers if one.role is not None)

    @property
    def failed(self) -> tuple[Answer, ...]:
        """What a server answered otherwise than the matrix says, and what it gave to somebody without a role."""
        return tuple(one for one in self.answers if one.failed)

    @property
    def uncovered(self) -> tuple[Answer, ...]:
        """Cells of the matrix that no server answers for yet."""
        return tuple(one for one in self.cells if not one.covered)

    @property
    def proved(self) -> bool:
        return not self.failed

    def as_json(self) -> dict[str, Any]:
        return {
            "cells": [as_json(one) for one in self.cells],
            "without_role": [as_json(one) for one in self.answers if one.role is None],
            "uncovered": [f"{one.name}: {one.gap}" for one in self.uncovered],
            "failed": [f"{one.name}: {one.detail}" for one in self.failed],
            "seconds": round(self.seconds, 1),
        }

    def summary(self) -> str:
        """The counts, in one line."""
        covered = [one for one in self.cells if one.covered]
        right = sum(not one.failed for one in covered)
        return (
            f"{len(self.cells)} cells: {right} answered as the matrix says, {len(covered) - right} otherwise, "
            f"{len(self.uncovered)} uncovered; {self.seconds:.1f} s"
        )


def as_json(one: Answer) -> dict[str, Any]:
    """One cell. `answered` is null where it is uncovered or where the answers contradict each other."""
    return {
        "resource": one.permission.resource,
        "action": ", ".join(one.permission.verbs),
        "role": one.role,
        "expected": one.expected,
        "answered": one.answered if one.covered else None,
        "enforcer": one.enforcer,
        "detail": one.detail,
        "seconds": round(one.seconds, 3),
    }


def table(report: Report) -> Table:
    """A row for each permission, a column for each role and one for the person without."""
    shown = Table(box=None, pad_edge=False)
    for column in ("resource", "action", *Role, _NOBODY, "asked of"):
        shown.add_column(column, overflow="fold")
    rows: dict[str, list[Answer]] = {}
    for one in report.answers:
        rows.setdefault(str(one.permission), []).append(one)
    for row in rows.values():
        first, by_role = row[0], {one.role: one for one in row}
        shown.add_row(
            first.permission.resource,
            ", ".join(first.permission.verbs),
            *(_shown(by_role[role]) for role in (*Role, None)),
            str(first.enforcer),
        )
    return shown


def lines(report: Report) -> Iterable[str]:
    """Every cell that failed and every one that is uncovered, by name."""
    for one in report.failed:
        yield f"[red]✗[/] {escape(one.name)}: expected {one.expected}: {escape(one.detail)}"
    for one in report.uncovered:
        yield f"[yellow]uncovered[/] {escape(one.name)}: {escape(one.gap)}"


def _shown(one: Answer) -> str:
    if not one.covered:
        return f"[yellow]({one.expected})[/]"
    if one.failed:
        return f"[red]{one.answered or '?'}, not {one.expected}[/]"
    return f"[dim]{one.expected}[/]" if one.expected.value == "no" else f"[green]{one.expected}[/]"
