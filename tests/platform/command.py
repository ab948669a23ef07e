"""The `mlops` command on a lab of the tests' own, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.folder import LabFolder

ROOT = Path(__file__).resolve().parents[2]
MLOPS = str(Path(sys.executable).with_name("mlops"))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A running lab and the `mlops` command for it."""

    folder: LabFolder
    checkout: Path = ROOT

    @property
    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "MLOPS_LAB_DIR": str(self.folder.root)}

    def mlops(self, *words: str, expect: int = 0, timeout: float = 600) -> str:
        """What the command prints, both streams; it must end as expected."""
        done = subprocess.run(
            [MLOPS, *words],
            cwd=self.checkout,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == expect, (
            f"mlops {' '.join(words)} ended with {done.returncode}:\n{done.stdout}"
        )
        return done.stdout

    def of(self, checkout: Path) -> Platform:
        """The same lab, used from another checkout."""
        return replace(self, checkout=checkout)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.mlops("status", "--json"))
        return found
