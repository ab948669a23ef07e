"""`mlops policy`: judges manifests and running clusters with the policy packs, as a deployment would."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from controls.manifests import InputError, read_configuration, read_items
from rich.console import Console
from typer.core import TyperGroup

from cli.errors import CommandRefused
from cli.policy_catalogue import chosen, explain, show_list
from cli.policy_judgement import Mode, Report, judge
from cli.policy_output import Format, rendered, show


class _JudgesUnlessNamed(TyperGroup):
    """A group whose arguments are paths to judge, unless the first is one of its commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["judge", *args]
        found: list[str] = super().parse_args(ctx, args)
        return found


app = typer.Typer(
    name="policy",
    cls=_JudgesUnlessNamed,
    add_completion=False,
    help="Judge manifests and running clusters: `mlops policy PATH...` is `mlops policy judge PATH...`.",
)


def judge_paths(
    paths: list[str],
    mode: Mode,
    config: str | None = None,
    *,
    context: str | None = None,
    only: str | None = None,
) -> Report:
    """Judge the objects in files, folders, `-` (standard input) and a running cluster as of today, UTC.

    Raises InputError when something or the configuration cannot be read, and CommandRefused for no such control.
    """
    wanted = None if only is None else [chosen(id_.strip()).id for id_ in only.split(",")]
    configuration = read_configuration(config) if config else {}
    manifests = read_items(paths, sys.stdin.buffer)
    if context is not None:
        from cli.policy_cluster import read_cluster  # noqa: PLC0415 - loads the client of Kubernetes

        manifests += read_cluster(context)
    today = datetime.now(UTC).date()
    return judge(manifests, mode, configuration, config=config or "", today=today, only=wanted)


def policy(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files, folders, or - for stdin.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How findings are printed.")] = Format.HUMAN,
    together: Annotated[
        bool, typer.Option("--together/--each", help="Judge all objects as one stack, or every one alone.")
    ] = False,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Settings, levels and exemptions (docs/policies.md).")
    ] = None,
    controls: Annotated[
        str | None, typer.Option(metavar="ID,...", help="Judge with these controls only.")
    ] = None,
    context: Annotated[
        str | None, typer.Option(metavar="NAME", help="Judge the cluster of this kubeconfig context as well.")
    ] = None,
) -> None:
    """Judge plain Kubernetes manifests and running clusters with the policy packs.

    Exits with 1 when a mandatory control is violated, and with 2 when something cannot be read.
    """
    try:
        if not paths and context is None:
            raise CommandRefused("nothing to judge: give files, folders, - for stdin, or --context")
        report = judge_paths(
            paths or [], Mode.TOGETHER if together else Mode.EACH, config, context=context, only=controls
        )
    except (InputError, CommandRefused) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    form = Format.JSON if as_json else form
    if form is Format.HUMAN:
        show(report, Console())
    else:
        typer.echo(rendered(report, form), nl=False)
    typer.echo(str(report), err=True)
    raise typer.Exit(1 if report.refused else 0)


app.command("judge")(policy)
app.command("list")(show_list)
app.command("explain")(explain)
