"""The `mlops` command: 0 done, 1 failed or violations found, 2 called or configured wrongly."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import typer
import typer.main
from typer.core import TyperGroup

from cli.console import err, escaped
from cli.errors import FAILED, REFUSED, CommandFailed, CommandRefused
from config.errors import SettingsError
from config.load import LAB_FOLDER_VARIABLE
from engine import errors as engine_errors
from lab import errors as lab_errors

MODULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lab": "cli.lab",
        "up": "cli.program",
        "preview": "cli.preview",
        "down": "cli.program",
        "render": "cli.preview",
        "status": "cli.status",
        "train": "cli.train",
        "policy": "cli.policy",
        "review": "cli.review",
        "access": "cli.access",
        "network": "cli.network",
        "gpu": "cli.gpu",
        "catalog": "cli.catalog",
    }
)
"""Each command and the module that has it: a function of its name, or an `app` with commands below it."""


class Commands(TyperGroup):
    """Imports a command's module when that command is asked for: a preview needs no server of the lab."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - typer's signature
        return list(MODULES)

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """The command; for one that there is not, all are loaded, so that typer can suggest the closest."""
        for name in [cmd_name] if cmd_name in MODULES else MODULES:
            if name not in self.commands:
                self.add_command(_loaded(name), name)
        return self.commands.get(cmd_name)


def _loaded(name: str) -> Any:
    module = importlib.import_module(MODULES[name])
    group = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(add_completion=False)
        group.command()(getattr(module, name))
    return typer.main.get_command(group)


app = typer.Typer(
    name="mlops",
    cls=Commands,
    help="A zero-trust, multi-cluster MLOps platform as one program.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
