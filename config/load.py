"""Reads the settings: the only module that reads `pulumi.Config`, the stack files or the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.checks import as_key
from config.closest import closest
from config.clusters import LAB_FOLDER, LabCluster
from config.errors import Problem, SettingsError
from config.explain import problems_of
from config.outside import read_outside
from config.schema import PlatformSettings
from config.source import Source, read_stack_file

PROJECT = "mlops-platform"
KEY = "settings"
FULL_KEY = f"{PROJECT}:{KEY}"
LAB_FOLDER_VARIABLE = "MLOPS_LAB_DIR"
DATABASE_PASSWORD_VARIABLE = "MLOPS_DATABASE_PASSWORD"  # noqa: S105 - the name of a variable


def load() -> PlatformSettings:
    """The settings of the running Pulumi program's stack.

    Raises SettingsError with every mistake. Lines are known when the stack's file is in the project and
    says what the engine says.
    """
    import pulumi  # noqa: PLC0415 - the command line reads settings without loading the SDK

    stack = pulumi.get_stack()
    given = pulumi.Config(PROJECT).get_object(KEY)
    if given is None:
        raise SettingsError([_missing_settings(Source(file=f"Pulumi.{stack}.yaml", lines={}), None)])
    return _on_lab(parse(given, _known_lines(stack, given), os.environ), Path.cwd())


def database_password() -> Any:
    """The secret of the role that makes logins to MLflow's database, as a secret output; None if nobody gave it.

    From the stack's encrypted `databasePassword`, else from MLOPS_DATABASE_PASSWORD. A preview needs none.
    """
    import pulumi  # noqa: PLC0415 - the command line reads settings without loading the SDK

    given = pulumi.Config(PROJECT).get_secret("databasePassword")
    if given is not None:
        return given
    found = os.environ.get(DATABASE_PASSWORD_VARIABLE)
    return pulumi.Output.secret(found) if found else None


def read(root: Path, stack: str) -> PlatformSettings:
    """The settings in `Pulumi.<stack>.yaml` below `root`, without any Pulumi runtime.

    Raises SettingsError with every mistake and its line.
    """
    document, source = read_stack_file(root, stack)
    config = document.get("config")
    if not isinstance(config, Mapping) or FULL_KEY not in config:
        raise SettingsError([_missing_settings(source, config)])
    return _on_lab(parse(config[FULL_KEY], source.below("config", FULL_KEY), os.environ), root)


def parse(given: Any, source: Source, environment: Mapping[str, str]) -> PlatformSettings:
    """Validated settings from plain data; raises SettingsError with every mistake in it.

    `MLOPS_LAB_DIR` in `environment` says where the lab's clusters have their kubeconfig.
    """
    problems = problems_of(given, source)
    if problems:
        raise SettingsError(problems)
    settings = PlatformSettings.model_validate(given)
    folder = environment.get(LAB_FOLDER_VARIABLE) or LAB_FOLDER
    clusters = tuple(
        cluster.in_folder(folder) if isinstance(cluster, LabCluster) else cluster
        for cluster in settings.clusters
    )
    return settings.model_copy(update={"clusters": clusters})


def _on_lab(settings: PlatformSettings, root: Path) -> PlatformSettings:
    """With the addresses of the lab that the clusters are in, if any is."""
    if not any(isinstance(cluster, LabCluster) for cluster in settings.clusters):
        return settings
    return settings.with_outside(read_outside(root / (os.environ.get(LAB_FOLDER_VARIABLE) or LAB_FOLDER)))


def _missing_settings(source: Source, config: Any) -> Problem:
    near = closest(FULL_KEY, map(str, config)) if isinstance(config, Mapping) else None
    advice = f"rename {near!r}" if near else "add it; docs/settings.schema.json describes it"
    return Problem(
        file=source.file,
        line=source.line(("config", near) if near else ("config",)),
        key=as_key("", ("config", FULL_KEY)),
        given="not given",
        remedy=advice,
    )


def _known_lines(stack: str, given: Any) -> Source:
    """The lines of the stack's file, if it says what the engine says; a file is not needed here."""
    try:
        document, source = read_stack_file(Path.cwd(), stack)
    except SettingsError:
        return Source(file=f"Pulumi.{stack}.yaml", lines={})
    config = document.get("config")
    in_file = config.get(FULL_KEY) if isinstance(config, Mapping) else None
    if json.dumps(in_file, sort_keys=True, default=str) != json.dumps(given, sort_keys=True, default=str):
        return Source(file=source.file, lines={})
    return source.below("config", FULL_KEY)
