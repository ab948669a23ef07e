"""The `mlops` command: 0 done, 1 failed or violations found, 2 called or configured wrongly."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import lab, policy, program, status, train
from cli.console import err, escaped
from cli.errors import FAILED, REFUSED, CommandFailed, CommandRefused
from config.errors import SettingsError
from config.load import LAB_FOLDER_VARIABLE
from engine import errors as engine_errors
from lab import errors as lab_errors

app = typer.Typer(
    name="mlops",
    help="A zero-trust, multi-cluster MLOps platform as one program.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(lab.app, name="lab")
app.command()(program.up)
app.command()(program.preview)
app.command()(program.down)
app.command()(program.render)
app.command()(status.status)
app.command()(train.train)
app.command()(policy.policy)


@app.callback()
def common(
    lab_dir: Annotated[
        Path | None,
        typer.Option(
            envvar=LAB_FOLDER_VARIABLE,
            help="The lab's folder; several labs can run side by side.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    if lab_dir is not None:
        os.environ[LAB_FOLDER_VARIABLE] = str(lab_dir)


def main() -> None:
    """Run the command and turn our own exceptions into one clear message and an exit code."""
    try:
        app()
    except (SettingsError, CommandRefused, lab_errors.Refusal, engine_errors.Refusal) as error:
        _end(error, REFUSED)
    except (CommandFailed, lab_errors.LabError, engine_errors.EngineError) as error:
        _end(error, FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def _end(error: Exception, code: int) -> None:
    err.print(f"[red]error:[/] {escaped(str(error))}", highlight=False, soft_wrap=True)
    sys.exit(code)
