"""Processes of a lab whose supervisor is gone, found by the marker in their environment."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from lab.folder import MARKER, LabFolder

_POLITE_SECONDS = 3.0
_LAST_SECONDS = 10.0


def processes(folder: LabFolder) -> list[psutil.Process]:
    """Every living process of this lab and of no other, this one excepted.

    PostgreSQL's children write their titles over the environment that they were started with; they are known
    by their data folder, in which they work.
    """
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _is_ours(process, folder)
    ]


def owned_by(pid: int, folder: LabFolder) -> bool:
    """Whether this process is one of the lab's."""
    try:
        return _is_ours(psutil.Process(pid), folder)
    except psutil.NoSuchProcess:
        return False


def end(found: list[psutil.Process]) -> None:
    """End them: all are asked, what has not ended in time is killed."""
    for process in found:
        _signal(process, kill=False)
    _gone, alive = psutil.wait_procs(found, timeout=_POLITE_SECONDS)
    for process in alive:
        _signal(process, kill=True)
    psutil.wait_procs(alive, timeout=_LAST_SECONDS)


def _is_ours(process: psutil.Process, folder: LabFolder) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(MARKER) == str(folder.root):
            return True
        return process.name() == "postgres" and Path(process.cwd()).is_relative_to(folder.postgres)
    except (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError, OSError):
        return False


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
