"""`mlops preview | render`: what the program would declare, without touching any cluster."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from cli import events, graph
from cli import render as rendering
from cli.console import err, escaped, out, print_json, writing
from cli.engines import Engine, EngineOption, real
from cli.errors import CommandFailed, CommandRefused
from cli.pulumi_cli import PulumiCli
from cli.target import Stack, Target, target
from engine.events import OnEvent
from engine.plan import Plan, as_json
from engine.plan import preview as plan_program
from engine.project import Project
from engine.state import State

PICTURES = (".mmd", ".mermaid", ".md")


def preview(
    stack: Stack = "dev",
    engine: EngineOption = Engine.AUTO,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: a list of every resource.")] = False,
    graph_file: Annotated[
        Path | None,
        typer.Option("--graph", metavar="FILE", help="Write a Mermaid picture (.mmd, .md) instead."),
    ] = None,
) -> None:
    """Show what the program would declare, without touching any cluster."""
    if graph_file is not None and graph_file.suffix not in PICTURES:
        raise CommandRefused(
            f"--graph {graph_file}: the picture is Mermaid; name a file that ends in .mmd or .md"
        )
    chosen = target(stack)
    plan = planned(chosen, real(engine, chosen), against_state=False)
    if graph_file is not None:
        picture = graph.mermaid(plan.resources)
        fenced = f"```mermaid\n{picture}```\n" if graph_file.suffix == ".md" else picture
        with writing("--graph"):
            graph_file.write_text(fenced, encoding="utf-8")
        judge(plan)
    elif json:
        print_json(as_json(plan))
        judge(plan)
    else:
        events.show_plan(plan)
        judge(plan)


def render(
    folder: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where to write the files.")],
    stack: Stack = "dev",
) -> None:
    """Write every Kubernetes object of the stack as a file, secrets masked."""
    plan = planned(target(stack), None, against_state=False)
    objects = rendering.kubernetes_objects(plan.resources)
    with writing("--out"):
        rendering.write(objects, folder)
    out.print(f"{len(objects)} objects in {folder}", highlight=False, soft_wrap=True)


def planned(
    chosen: Target, pulumi: PulumiCli | None, *, against_state: bool, on_event: OnEvent | None = None
) -> Plan:
    """The plan; the real engine always compares with its state, the embedded one where asked and there is one.

    A lab that is up lends its credentials, so that what a provider looks up is known; without it, it is not.
    """
    with contextlib.ExitStack() as opened:
        if chosen.on_lab and chosen.lab.kubeconfig.exists():
            opened.enter_context(chosen.credentials())
        if pulumi is not None:
            plan, remarks = pulumi.preview()
            if remarks:
                err.print(escaped(remarks), highlight=False, soft_wrap=True)
            return plan
        state = None
        if against_state and chosen.state_file.exists():
            state = opened.enter_context(State(chosen.state_file, chosen.passphrase(), writable=False))
        return plan_program(
            Project.load(chosen.root),
            chosen.stack,
            packs=chosen.packs,
            pack_config=chosen.pack_config,
            state=state,
            on_event=on_event or events.Printer(),
        )


def judge(plan: Plan) -> None:
    """Print what the packs found; a mandatory violation is a failure."""
    events.show_violations(plan.violations)
    for note in plan.notes:
        err.print(f"[yellow]note:[/] {escaped(note)}", highlight=False, soft_wrap=True)
    if plan.refused:
        raise CommandFailed("a mandatory policy forbids this; see the findings above")
