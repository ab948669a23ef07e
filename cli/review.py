"""`mlops review`: what a change of the program or its settings does to every stack, as one comment."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from cli.console import out, print_json, writing
from cli.engines import Engine
from cli.errors import FAILED, CommandRefused
from cli.review_markdown import comment
from cli.review_plans import checked_out, merge_base
from cli.review_stack import reviewed
from cli.target import project_root
from config.source import stacks


def review(
    base: Annotated[
        str, typer.Option("--base", metavar="REF", help="Compared is with where this branch left it.")
    ] = "origin/main",
    stack: Annotated[
        list[str] | None, typer.Option("--stack", "-s", help="Again for more; without: every stack.")
    ] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the comment there.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON: everything, nothing truncated.")] = False,
    engine: Annotated[
        Engine,
        typer.Option("--engine", help="pulumi: changes against the real state; it needs credentials."),
    ] = Engine.EMBEDDED,
) -> None:
    """Show what the working tree changes against a base, with violations, exemptions and GPUs, as Markdown.

    Exits with 1 when a mandatory control is violated or a stack cannot be planned.
    """
    root = project_root()
    commit = merge_base(root, base)
    with checked_out(root, commit) as before:
        known = sorted({*stacks(root), *stacks(before)})
        if unknown := [name for name in stack or () if name not in known]:
            raise CommandRefused(
                f"--stack {unknown[0]}: no such stack; the stacks here are {', '.join(known)}"
            )
        reviews = [reviewed(root, before, name, engine) for name in stack or known]
    text = comment(reviews, commit[:12])
    if out_file is not None:
        with writing("--out"):
            out_file.write_text(text, encoding="utf-8")
    if json:
        print_json([dataclasses.asdict(one) for one in reviews])
    elif out_file is None:
        print(text, end="")
    else:
        out.print(f"review of {len(reviews)} stacks in {out_file}", highlight=False, soft_wrap=True)
    if any(one.refused for one in reviews):
        raise typer.Exit(FAILED)
