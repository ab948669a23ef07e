"""`mlops access`: who may do what, and the proof of it on the real servers."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.console import ConsoleProgress, Json, err, out, print_json, table
from cli.errors import FAILED, CommandFailed, CommandRefused
from cli.target import target
from config.access import MATRIX, Cell, Grant, Role
from config.errors import AccessError

app = typer.Typer(
    name="access", help="Who may do what, and the proof of it.", no_args_is_help=True, add_completion=False
)

STYLES = {Grant.YES: "green", Grant.OWN: "yellow", Grant.LIMITED: "yellow", Grant.NO: "dim"}


@app.command()
def matrix(json: Json = False) -> None:
    """Show every cell of the permission matrix with the server that enforces it."""
    if json:
        print_json([_as_json(cell) for cell in MATRIX.cells()])
        return
    shown = table("permissions", "resource", "action", *Role, "enforced by")
    for row, grants in MATRIX.grants.items():
        shown.add_row(
            row.resource,
            ", ".join(row.verbs),
            *(f"[{STYLES[grants[role]]}]{grants[role]}[/]" for role in Role),
            str(MATRIX.enforcers[row.resource]),
        )
    out.print(shown)


@app.command("who-can")
def who_can(
    action: Annotated[str, typer.Argument(help="Such as create, read or 'roll back'.")],
    resource: Annotated[str, typer.Argument(help="Such as secrets or 'dev environment'.")],
    json: Json = False,
) -> None:
    """Show the roles that may do something, how far, and the server that says so."""
    try:
        row = MATRIX.permission(action, resource)
    except AccessError as error:
        raise CommandRefused(str(error)) from error
    cells = [cell for cell in MATRIX.cells() if cell.permission == row and cell.grant is not Grant.NO]
    if json:
        print_json([_as_json(cell) for cell in cells])
        return
    shown = table("", "role", "grant", "enforced by")
    for cell in cells:
        shown.add_row(str(cell.role), f"[{STYLES[cell.grant]}]{cell.grant}[/]", str(cell.enforcer))
    out.print(shown)


@app.command()
def prove(
    stack: Annotated[str, typer.Option("--stack", "-s", help="A stack that is deployed to the lab.")] = "dev",
    cluster: Annotated[
        str | None, typer.Option("--cluster", "-c", help="Ask one cluster alone; else all of them.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask the lab's servers for every cell, as a real user of each role, and compare with the matrix."""
    from proof import report as shown  # noqa: PLC0415 - the AWS SDK and the lab's servers, for this command alone
    from proof.errors import Impossible, ProofError  # noqa: PLC0415
    from proof.prove import prove as ask  # noqa: PLC0415

    chosen = target(stack)
    try:
        report = ask(chosen.settings, chosen.lab, ConsoleProgress(), cluster)
    except Impossible as error:
        raise CommandRefused(str(error)) from error
    except ProofError as error:
        raise CommandFailed(str(error)) from error
    if json:
        print_json(report.as_json())
    else:
        out.print(shown.table(report))
        for line in shown.lines(report):
            err.print(line, highlight=False, soft_wrap=True)
        out.print(report.summary(), highlight=False)
    if not report.proved:
        raise typer.Exit(FAILED)


def _as_json(cell: Cell) -> dict[str, Any]:
    return {
        "resource": cell.permission.resource,
        "action": ", ".join(cell.permission.verbs),
        "role": cell.role,
        "grant": cell.grant,
        "enforcer": cell.enforcer,
    }
