"""Go commands and modules, fetched and built with the checksums of a recipe."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.download import Attempts, DownloadError, TransientError
from lab.progress import Step
from lab.toolchain import Go, ToolError, run

RECIPES = Path(__file__).parent / "go"

_CHECKSUM = re.compile("checksum mismatch|missing go.sum entry")
_REMEDY = (
    "Check the network and the proxy variables, or name a Go module proxy that has it in GOPROXY; "
    "what was fetched is kept, so just run the command again."
)


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A recipe (a folder with a go.mod and a go.sum) and the folder of the caches to build it with.

    The caches hold up to several GB. They survive a failure, so that the next attempt goes on from there;
    whoever is done removes them. One process at a time may use them.
    """

    go: Go
    recipe: Path
    root: Path
    attempts: Attempts = field(default_factory=Attempts)

    def fetch(self, packages: Sequence[str], step: Step) -> None:
        """Fetch the modules that the packages need. Raises `DownloadError`."""
        what = f"Go modules of {self.recipe.name}"
        self._fetching(["list", "-deps", "-f", "{{.Name}}", *packages], what, step)

    def module(self, module: str, version: str, step: Step) -> Path:
        """The folder of one module, which must be as the recipe's go.sum has it.

        Go itself compares the two, but would add a checksum that is missing. Raises `DownloadError`, or
        `ToolError` for a module with another checksum.
        """
        what = f"Go module {module} {version}"
        if checksum((self.recipe / "go.sum").read_text(), module, version) is None:
            raise DownloadError(
                f"{what}: {self.recipe.name}/go.sum has no checksum of it, so it is not fetched. "
                "Add the line that the module's own release states."
            )
        answer = self._fetching(["mod", "download", "-json", f"{module}@{version}"], what, step)
        return Path(json.loads(answer)["Dir"])

    def build(self, package: str, target: Path, stamps: Mapping[str, str]) -> None:
        """Build one command, its string variables set to `stamps`. Raises `ToolError`."""
        flags = " ".join(["-s -w", *(f"-X {name}={value}" for name, value in stamps.items())])
        self._go(
            ["build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", str(target), package],
            f"building {target.name}",
        )

    def _fetching(self, arguments: list[str], what: str, step: Step) -> str:
        def action() -> str:
            try:
                return self._go(arguments, what)
            except ToolError as error:
                if not error.may_pass or _CHECKSUM.search(str(error)):
                    raise
                raise TransientError(error.seen) from error

        step.update(f"fetching {what}")
        return self.attempts.run(action, what=what, remedy=_REMEDY, step=step)

    def _go(self, arguments: list[str], what: str) -> str:
        env = self.go.environment(self.root / "modules", self.root / "objects", os.environ)
        return run([self.go.command, *arguments], what=what, env=env, cwd=self.recipe)


def checksum(go_sum: str, module: str, version: str) -> str | None:
    """The hash that a go.sum states for a module's content."""
    for line in go_sum.splitlines():
        if line.startswith(f"{module} {version} "):
            return line.split()[2]
    return None
