"""`mlops up | down`: apply or remove a stack, through the real engine or the embedded one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Annotated

import typer

from cli import events
from cli.engines import Engine, EngineOption, real
from cli.errors import CommandFailed, CommandRefused
from cli.preview import judge, planned
from cli.target import Stack, Target, target
from engine import deployment
from engine.events import ignore
from engine.project import Project
from engine.state import State


def up(
    stack: Stack = "dev",
    engine: EngineOption = Engine.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Bring the clusters of a stack to what the program says."""
    chosen = target(stack)
    if dry_run:
        plan = planned(chosen, real(engine, chosen), against_state=True)
        events.show_plan(plan)
        judge(plan)
        return
    _need_lab(chosen)
    pulumi = real(engine, chosen)
    if pulumi is None:
        _permit(chosen)
    with _servers(chosen):
        if pulumi is not None:
            pulumi.up()
        else:
            _finish(_apply(chosen))


def down(
    stack: Stack = "dev",
    engine: EngineOption = Engine.AUTO,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask. Stacks on the lab are never asked for.")
    ] = False,
) -> None:
    """Remove what the stack created, in reverse order of dependency."""
    chosen = target(stack)
    _need_lab(chosen)
    if not (yes or chosen.on_lab) and not typer.confirm(f"Remove everything of stack {stack!r}?"):
        raise CommandRefused("nothing was removed")
    pulumi = real(engine, chosen)
    with _servers(chosen):
        if pulumi is not None:
            pulumi.destroy()
        else:
            _finish(_destroy(chosen))


def _permit(chosen: Target) -> None:
    """A preview with the packs, as pulumi makes one before an update: what they forbid is not begun.

    Whatever else they say is said when they judge what is applied. Raises CommandFailed.
    """
    plan = planned(chosen, None, against_state=True, on_event=ignore)
    if plan.refused:
        judge(plan)


def _apply(chosen: Target) -> deployment.Result:
    with State(chosen.state_file, chosen.passphrase()) as state, events.Printer() as printer:
        return deployment.up(
            Project.load(chosen.root),
            chosen.stack,
            state=state,
            packs=chosen.packs,
            pack_config=chosen.pack_config,
            on_event=printer,
        )


def _destroy(chosen: Target) -> deployment.Result:
    with State(chosen.state_file, chosen.passphrase()) as state, events.Printer() as printer:
        return deployment.destroy(Project.load(chosen.root), chosen.stack, state=state, on_event=printer)


def _need_lab(chosen: Target) -> None:
    """A stack on the lab needs the lab's kubeconfig; without it every cluster would only time out."""
    if chosen.on_lab and not chosen.lab.kubeconfig.exists():
        raise CommandRefused(
            f"stack {chosen.stack!r} is on the lab, which is not up: run `mlops lab up` first"
        )


def _finish(result: deployment.Result) -> None:
    events.show_violations(result.violations)
    events.show_result(result)
    if not result.succeeded:
        raise CommandFailed(events.lines("failed", result.failures))


@contextlib.contextmanager
def _servers(chosen: Target) -> Iterator[None]:
    """With the credentials of the stack's servers; afterwards the lab's own follow the realm that the stack has
    made or removed, all of it or a part."""
    try:
        with chosen.credentials():
            yield
    finally:
        if chosen.on_lab:
            from lab.access import after_up  # noqa: PLC0415 - loads every server of the lab

            after_up(chosen.lab)
