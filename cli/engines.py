"""Who carries a command out: the real `pulumi`, or the embedded engine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.errors import CommandRefused
from cli.pulumi_cli import PulumiCli
from cli.target import Target


class Engine(StrEnum):
    """`auto` is the real `pulumi` where it is on PATH."""

    AUTO = "auto"
    PULUMI = "pulumi"
    EMBEDDED = "embedded"


EngineOption = Annotated[
    Engine,
    typer.Option("--engine", help="auto: the real pulumi where it is on PATH, else the embedded engine."),
]


def real(engine: Engine, chosen: Target) -> PulumiCli | None:
    """The driver of `pulumi` where it is to be used, else None. Raises CommandRefused where it is not there."""
    if engine is Engine.EMBEDDED:
        return None
    program = PulumiCli.on_path()
    if program is None:
        if engine is Engine.PULUMI:
            raise CommandRefused(
                "--engine pulumi: there is no `pulumi` on PATH; install it or use --engine embedded"
            )
        return None
    if chosen.on_lab:
        chosen.passphrase()
    return PulumiCli(
        program=program,
        root=chosen.root,
        stack=chosen.stack,
        packs={pack: chosen.pack_config.get(pack) for pack in chosen.packs},
        lab=chosen.lab if chosen.on_lab else None,
    )
