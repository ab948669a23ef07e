"""The plans that a review compares: that of the base by its own program, and that of the working tree."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cli.errors import CommandFailed, CommandRefused
from config.load import LAB_FOLDER_VARIABLE

NO_LAB: Final = ".no-lab"
"""A lab's folder that is not there: both revisions are planned without credentials and with equal addresses."""

_MLOPS: Final = (sys.executable, "-c", "from cli.main import main; main()")
"""The command of the checkout that is the working folder, whichever is installed."""


def merge_base(root: Path, base: str) -> str:
    """The commit that the working tree has in common with `base`, in full.

    Raises CommandRefused for a revision that there is not, and where the history does not go back that far.
    """
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    if found.returncode:
        raise CommandRefused(f"--base {base}: there is no such commit here; fetch it, or name another")
    common = _git(root, "merge-base", found.stdout.strip(), "HEAD")
    if common.returncode:
        raise CommandRefused(
            f"--base {base}: has nothing in common with this checkout; fetch its whole history"
        )
    return common.stdout.strip()


@contextlib.contextmanager
def checked_out(root: Path, commit: str) -> Iterator[Path]:
    """The project as of that commit, in a folder that is gone after the block. Raises CommandFailed."""
    prefix = _git(root, "rev-parse", "--show-prefix").stdout.strip()
    with tempfile.TemporaryDirectory(prefix="review-") as scratch:
        folder = Path(scratch, root.name)
        made = _git(root, "worktree", "add", "--detach", "--quiet", str(folder), commit)
        if made.returncode:
            raise CommandFailed(f"git worktree add {commit}: {made.stderr.strip()}")
        try:
            yield folder / prefix
        finally:
            _git(root, "worktree", "remove", "--force", str(folder))


def base_plan(folder: Path, stack: str) -> list[dict[str, Any]]:
    """The resources that the program in `folder` declares, by its own engine in a process of its own.

    What its packs say is not asked. Raises CommandFailed with its last words when it cannot be planned.
    """
    done = subprocess.run(
        [*_MLOPS, "preview", "--stack", stack, "--engine", "embedded", "--json"],
        cwd=folder,
        env={**os.environ, LAB_FOLDER_VARIABLE: NO_LAB},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        raise CommandFailed(done.stderr.strip()[-2000:] or f"it ended with {done.returncode}") from None
    return found


@contextlib.contextmanager
def without_lab() -> Iterator[None]:
    """Within the block this process finds no lab, as the base's does."""
    before = os.environ.get(LAB_FOLDER_VARIABLE)
    os.environ[LAB_FOLDER_VARIABLE] = NO_LAB
    try:
        yield
    finally:
        if before is None:
            del os.environ[LAB_FOLDER_VARIABLE]
        else:
            os.environ[LAB_FOLDER_VARIABLE] = before


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
