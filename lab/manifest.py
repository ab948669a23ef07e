"""What a folder of files looked like when it was complete, and whether it still does."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

Manifest = dict[str, list[Any]]


def record(folder: Path, *, content: bool) -> Manifest:
    """Every file below `folder` except Python's byte code, which the interpreter may write anew.

    With `content` the sha256 is recorded, else the modification time stands for it.
    """
    found: Manifest = {}
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in [*files, *(name for name in folders if os.path.islink(os.path.join(path, name)))]:
            full = os.path.join(path, name)
            found[os.path.relpath(full, folder)] = _facts(full, content=content)
    return found


def difference(recorded: Manifest, folder: Path, *, content: bool) -> str | None:
    """The first file that is missing or not as recorded, in words; None if there is none.

    Files that were added are no difference.
    """
    for name, facts in recorded.items():
        try:
            seen = _facts(os.path.join(folder, name), content=content)
        except OSError as error:
            return f"{name}: {error.strerror}"
        if seen != facts:
            return f"{name}: {_words(facts, seen)}"
    return None


def _facts(path: str, *, content: bool) -> list[Any]:
    """Kind or mode, size, and what stands for the content."""
    state = os.lstat(path)
    if stat.S_ISLNK(state.st_mode):
        return ["link", 0, os.readlink(path)]
    if not content:
        return [stat.S_IMODE(state.st_mode), state.st_size, state.st_mtime_ns]
    with open(path, "rb") as file:
        return [stat.S_IMODE(state.st_mode), state.st_size, hashlib.file_digest(file, "sha256").hexdigest()]


def _words(recorded: list[Any], seen: list[Any]) -> str:
    for name, old, new in zip(("mode", "size"), recorded, seen, strict=False):
        if old != new:
            return f"{name} is {new}, was {old}"
    return "its content changed"
