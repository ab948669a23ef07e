"""Reading a process' log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from lab.errors import Refusal
from lab.folder import LabFolder
from lab.readiness import tail

_POLL_SECONDS = 0.3


def read_log(folder: LabFolder, process: str, lines: int, *, follow: bool) -> Iterator[str]:
    """The last lines of the log, then each new one if asked. Raises Refusal when there is no such log."""
    path = folder.log(process)
    if not path.exists():
        known = ", ".join(sorted(it.stem for it in folder.logs.glob("*.log"))) or "none yet"
        raise Refusal(f"{process}: has no log in {folder.logs}: choose one of {known}")
    return _lines(path, folder, lines, follow=follow)


def _lines(path: Path, folder: LabFolder, lines: int, *, follow: bool) -> Iterator[str]:
    position = path.stat().st_size
    yield from (line.removeprefix("    ") for line in tail(path, folder, lines).splitlines())
    while follow:
        size = path.stat().st_size if path.exists() else 0
        if size < position:
            position = 0
        if size > position:
            with path.open(encoding="utf-8", errors="replace") as stream:
                stream.seek(position)
                yield from stream.read().splitlines()
                position = stream.tell()
        else:
            time.sleep(_POLL_SECONDS)
