"""`mlops policy list` and `mlops policy explain`: the controls in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import typer
from controls.catalogue import CONTROLS, PACKS
from controls.control import Control
from controls.judge import EXEMPTION_RULES

from cli.errors import CommandRefused
from config.closest import closest

_SUGGESTED: Final = "`mlops policy list` shows all"


def show_list() -> None:
    """List every control: id, severity, level, pack and rule."""
    for pack, controls in PACKS.items():
        for control in controls:
            typer.echo(
                f"{control.id}  {control.severity.value:8}  {control.level.value:9}  {pack:12}  {control.title}"
            )


def explain(
    control: Annotated[str, typer.Argument(metavar="CONTROL", help="Its id, such as WL-05.")],
) -> None:
    """Explain a control: rule, reason, sources, a bad and a good example, and the repair."""
    id_ = control.upper()
    if id_ in EXEMPTION_RULES:
        typer.echo(f"{id_}  {EXEMPTION_RULES[id_]}\nIt is about the configuration, and cannot be exempt.")
    else:
        typer.echo("\n".join(_explained(chosen(control))))


def chosen(id_: str) -> Control:
    """The control of an id, however it is capitalised. Raises CommandRefused for one that there is not."""
    found = CONTROLS.get(id_.upper())
    if found is None:
        near = closest(id_, CONTROLS)
        question = f"did you mean {near}? " if near else ""
        raise CommandRefused(f"{id_!r}: no such control; {question}{_SUGGESTED}")
    return found


def _explained(control: Control) -> Iterator[str]:
    yield f"{control.id}  {control.title}"
    yield f"Severity {control.severity.value}, {control.level.value}."
    yield f"\nWhy: {control.why}"
    yield f"Sources: {'; '.join(control.anchors)}"
    yield f"Fix: {control.fix}"
    if control.given:
        yield f"\nThe examples hold under the configuration {dict(control.given)}."
    yield f"\nBad:\n{_indented(control.bad)}"
    yield f"\nGood:\n{_indented(control.good)}"


def _indented(example: str) -> str:
    return "\n".join(f"  {line}" for line in example.strip().splitlines())
