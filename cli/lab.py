"""`mlops lab`: the platform's servers on this machine."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from typing import Annotated

import typer

from cli.console import ConsoleProgress, Json, err, out, print_json
from cli.errors import CommandRefused
from cli.status import print_lab
from cli.target import lab_folder, project_root, target
from cli.topology import lab_topology
from lab.lab import Lab

app = typer.Typer(
    name="lab",
    help="The lab: real control planes and servers on this machine.",
    no_args_is_help=True,
    add_completion=False,
)

Stack = Annotated[str, typer.Option("--stack", "-s", help="Whose lab clusters to run.")]


@app.command()
def up(stack: Stack = "dev", json: Json = False) -> None:
    """Start what is not running: two control planes, OpenBao, Keycloak, PostgreSQL, MinIO, Valkey."""
    chosen = target(stack)
    if not any(cluster.kind == "lab" for cluster in chosen.settings.clusters):
        raise CommandRefused(f"stack {stack!r} has no cluster of kind lab: there is nothing to start")
    state = Lab(chosen.lab).up(lab_topology(chosen.settings), ConsoleProgress())
    if json:
        print_json(dataclasses.asdict(state))
    elif state.changed:
        print_lab(state)
    else:
        out.print(
            f"the lab runs, nothing to change; `mlops status` shows it ({state.folder})", highlight=False
        )


@app.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove the lab's data as well.")] = False,
) -> None:
    """Stop every process of the lab. Data stay, unless --purge is given."""
    Lab(lab_folder(project_root())).down(purge=purge, progress=ConsoleProgress())


@app.command()
def status(json: Json = False) -> None:
    """Show what runs where, with addresses and how to log in."""
    state = Lab(lab_folder(project_root())).status()
    if json:
        print_json(dataclasses.asdict(state))
    else:
        print_lab(state)


@app.command()
def logs(
    process: Annotated[str, typer.Argument(help="A name from `mlops lab status`.")],
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
) -> None:
    """Print a process's log."""
    for line in Lab(lab_folder(project_root())).logs(process, lines=lines, follow=follow):
        print(line, flush=follow)


@app.command()
def kubeconfig(
    cluster: Annotated[
        str | None, typer.Option("--cluster", "-c", help="One cluster alone; else all of them.")
    ] = None,
) -> None:
    """Print the path of the lab's kubeconfig, for KUBECONFIG or kubectl --kubeconfig."""
    out.print(str(Lab(lab_folder(project_root())).kubeconfig(cluster)), soft_wrap=True, highlight=False)


@app.command()
def env(json: Json = False) -> None:
    """Print the lab's credentials as shell commands, so that plain `pulumi up --stack dev` and `kubectl` find them.

    Use it as: eval "$(mlops lab env)"
    """
    from lab.access import environment  # noqa: PLC0415 - loads every server of the lab

    variables = environment(lab_folder(project_root()))
    if sys.stdout.isatty():
        err.print('[yellow]these are secrets; better: eval "$(mlops lab env)"[/]', highlight=False)
    if json:
        print_json(variables)
    else:
        for name, value in variables.items():
            print(f"export {name}={shlex.quote(value)}")
