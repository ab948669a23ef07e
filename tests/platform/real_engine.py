"""What a test needs to run the real `pulumi` beside the embedded engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from cli.target import PASSPHRASE
from engine.plan import PlannedResource
from lab.folder import LabFolder, write_private

_PROVIDERS = "pulumi:providers:"


def need_the_real_engine(planned: Iterable[PlannedResource]) -> None:
    """Skip the test where `pulumi` or a plugin that the plan needs is not installed."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    packages = {r.type.removeprefix(_PROVIDERS) for r in planned if r.type.startswith(_PROVIDERS)}
    plugins = {f"pulumi-resource-{name}": f"resource-{name}-v*" for name in sorted(packages)}
    missing = [
        program
        for program, folder in {"pulumi": "", **plugins}.items()
        if shutil.which(program) is None and not (folder and any((home / "plugins").glob(folder)))
    ]
    if missing:
        pytest.skip(f"parity with the real engine needs {', '.join(missing)} on PATH")


def lab_without_servers(root: Path) -> LabFolder:
    """Where the real engine keeps its state in a test that only previews."""
    folder = LabFolder(root)
    folder.create()
    write_private(folder.secret(PASSPHRASE), "only for this test")
    return folder
