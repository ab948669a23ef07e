"""Ending a lab: its processes, and with a purge its files."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence

from lab import leftovers
from lab.errors import SupervisorFailed
from lab.folder import LabFolder
from lab.readiness import NotReady, poll
from lab.supervisor import Supervisor
from lab.supervisor_config import NAME

_STOP_SECONDS = 60.0
_RUNS = ("STARTING", "RUNNING", "STOPPING")


def stop(folder: LabFolder, supervisor: Supervisor) -> None:
    """End every process of the lab, in tiers: what needs others before what it needs (an API server without
    its etcd does not end). What no supervisor knows is found by its marker. Raises Failure for a process
    that cannot be ended."""
    with contextlib.suppress(SupervisorFailed):
        for tier in supervisor.tiers():
            _stop_tier(supervisor, tier)
        supervisor.shutdown()
        poll(f"{NAME} ended", lambda: _gone(folder), _STOP_SECONDS)
    leftovers.end(leftovers.processes(folder))
    poll("every process of the lab ended", lambda: _gone(folder), _STOP_SECONDS)


def is_lab(folder: LabFolder) -> bool:
    """Whether a folder may be removed: it is a lab's, or there is nothing in it."""
    return folder.memory.exists() or not any(path for path in folder.root.iterdir() if path != folder.lock)


def remove(folder: LabFolder) -> None:
    """Remove every file, the lock last: until then no other command can take hold of the folder."""
    sockets = folder.sockets
    for path in folder.root.iterdir():
        if path == folder.lock:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    if sockets != folder.run:
        shutil.rmtree(sockets, ignore_errors=True)
    folder.lock.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.root.rmdir()


def _stop_tier(supervisor: Supervisor, names: Sequence[str]) -> None:
    for name in names:
        supervisor.stop(name)

    def ended() -> None:
        states = supervisor.states()
        if running := [name for name in names if name in states and states[name].state in _RUNS]:
            raise NotReady(f"still running: {', '.join(running)}")

    poll("processes ended", ended, _STOP_SECONDS)


def _gone(folder: LabFolder) -> None:
    if left := leftovers.processes(folder):
        raise NotReady(f"left: {', '.join(str(process.pid) for process in left)}")
