"""`mlops up | preview | down | render`: the program, through the real engine or the embedded one."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import events, graph
from cli import render as rendering
from cli.console import err, escaped, out, print_json
from cli.errors import CommandFailed, CommandRefused
from cli.pulumi_cli import PulumiCli
from cli.target import Target, target
from engine import deployment
from engine.plan import Plan, as_json
from engine.plan import preview as plan_program
from engine.project import Project
from engine.state import State


class Engine(StrEnum):
    """Who carries a command out: `auto` is the real `pulumi` where it is on PATH."""

    AUTO = "auto"
    PULUMI = "pulumi"
    EMBEDDED = "embedded"


Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack: Pulumi.<stack>.yaml.")]
EngineOption = Annotated[
    Engine,
    typer.Option("--engine", help="auto: the real pulumi where it is on PATH, else the embedded engine."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def up(
    stack: Stack = "dev",
    engine: EngineOption = Engine.AUTO,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Bring the clusters of a stack to what the program says."""
    chosen = target(stack)
    real = _real(engine)
    if dry_run:
        _show_and_judge(_planned(chosen, real, against_state=True))
        return
    _need_lab(chosen)
    if real:
        _driver(real, chosen).up()
        return
    with State(chosen.state_file, chosen.passphrase()) as state:
        result = deployment.up(
            Project.load(chosen.root),
            stack,
            state=state,
            packs=chosen.packs,
            pack_config=chosen.pack_config,
            on_event=events.Printer(),
        )
    _finish(result)


def preview(
    stack: Stack = "dev",
    engine: EngineOption = Engine.AUTO,
    json: Json = False,
    graph_file: Annotated[
        Path | None,
        typer.Option("--graph", metavar="FILE", help="Write a Mermaid picture (.mmd, .md) instead."),
    ] = None,
) -> None:
    """Show what the program would declare, without touching any cluster."""
    if graph_file is not None and graph_file.suffix not in {".mmd", ".mermaid", ".md"}:
        raise CommandRefused(
            f"--graph {graph_file}: the picture is Mermaid; name a file that ends in .mmd or .md"
        )
    plan = _planned(target(stack), _real(engine), against_state=False)
    if graph_file is not None:
        picture = graph.mermaid(plan.resources)
        fenced = f"```mermaid\n{picture}```\n" if graph_file.suffix == ".md" else picture
        graph_file.write_text(fenced, encoding="utf-8")
        _judge(plan)
    elif json:
        print_json(as_json(plan))
        _judge(plan)
    else:
        _show_and_judge(plan)


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
    if real := _real(engine):
        _driver(real, chosen).destroy()
        return
    with State(chosen.state_file, chosen.passphrase()) as state:
        result = deployment.destroy(Project.load(chosen.root), stack, state=state, on_event=events.Printer())
    _finish(result)


def render(
    folder: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where to write the files.")],
    stack: Stack = "dev",
) -> None:
    """Write every Kubernetes object of the stack as a file, secrets masked."""
    plan = _planned(target(stack), None, against_state=False)
    objects = rendering.kubernetes_objects(plan.resources)
    rendering.write(objects, folder)
    out.print(f"{len(objects)} objects in {folder}", highlight=False, soft_wrap=True)


def _real(engine: Engine) -> str | None:
    """The path of `pulumi` where it is to be used."""
    if engine is Engine.EMBEDDED:
        return None
    found = PulumiCli.on_path()
    if found is None and engine is Engine.PULUMI:
        raise CommandRefused(
            "--engine pulumi: there is no `pulumi` on PATH; install it or use --engine embedded"
        )
    return found


def _driver(program: str, chosen: Target) -> PulumiCli:
    if chosen.on_lab:
        chosen.passphrase()
    return PulumiCli(
        program=program,
        root=chosen.root,
        stack=chosen.stack,
        packs={pack: chosen.pack_config.get(pack) for pack in chosen.packs},
        lab=chosen.lab if chosen.on_lab else None,
    )


def _planned(chosen: Target, real: str | None, *, against_state: bool) -> Plan:
    """The plan; the real engine always compares with its state, the embedded one where asked and there is one."""
    if real:
        resources, remarks = _driver(real, chosen).preview()
        if remarks:
            err.print(escaped(remarks), highlight=False, soft_wrap=True)
        return Plan(resources=tuple(resources), violations=(), outputs={})
    project = Project.load(chosen.root)
    with contextlib.ExitStack() as opened:
        state = None
        if against_state and chosen.state_file.exists():
            state = opened.enter_context(State(chosen.state_file, chosen.passphrase(), writable=False))
        return plan_program(
            project, chosen.stack, packs=chosen.packs, pack_config=chosen.pack_config, state=state
        )


def _need_lab(chosen: Target) -> None:
    """A stack on the lab needs the lab's kubeconfig; without it every cluster would only time out."""
    if chosen.on_lab and not chosen.lab.kubeconfig.exists():
        raise CommandRefused(
            f"stack {chosen.stack!r} is on the lab, which is not up: run `mlops lab up` first"
        )


def _show_and_judge(plan: Plan) -> None:
    events.show_plan(plan)
    _judge(plan)


def _judge(plan: Plan) -> None:
    """Print what the packs found; a mandatory violation is a failure."""
    events.show_violations(plan.violations)
    for note in plan.notes:
        err.print(f"[yellow]note:[/] {escaped(note)}", highlight=False, soft_wrap=True)
    if plan.refused:
        raise CommandFailed("a mandatory policy forbids this; see the findings above")


def _finish(result: deployment.Result) -> None:
    events.show_violations(result.violations)
    events.show_result(result)
    if not result.succeeded:
        raise CommandFailed(events.lines("failed", result.failures))
