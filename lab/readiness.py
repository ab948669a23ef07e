"""Waiting until a server really serves, and saying why when it does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import tenacity

from lab.credentials import redact
from lab.errors import Failure, ProcessFailed
from lab.folder import LabFolder
from lab.supervisor import Supervisor

_TAIL_LINES = 12
_TAIL_BYTES = 16 * 1024
_ENDS_BEFORE_GIVING_UP = 5

Probe = Callable[[], None]
"""Returns when the server serves; raises NotReady otherwise."""


class NotReady(Exception):
    """What the probe saw instead of a server that serves."""


class _Ended(Exception):
    """The process keeps ending."""


def await_ready(
    name: str,
    probe: Probe,
    folder: LabFolder,
    supervisor: Supervisor,
    *,
    seconds: float,
    steady: bool = False,
    cancelled: threading.Event | None = None,
) -> None:
    """Probe until the process is ready; a `steady` one must also have run for a second.

    Raises ProcessFailed when that takes longer than `seconds`, when the process keeps ending, or when
    `cancelled` is set meanwhile.
    """
    event = cancelled or threading.Event()
    starts: set[int] = set()

    def attempt() -> None:
        if event.is_set():
            raise _Ended("the start was given up")
        state = supervisor.states().get(name)
        if state is None:
            raise _Ended("the supervisor does not know it")
        starts.add(state.started)
        if len(starts) > _ENDS_BEFORE_GIVING_UP:
            raise _Ended(f"it ended {len(starts) - 1} times while it was started ({state.detail})")
        if not state.alive or (steady and state.state != "RUNNING"):
            raise NotReady(f"it is {state.state} ({state.detail})")
        probe()

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(NotReady),
        wait=tenacity.wait_exponential(multiplier=0.02, max=0.5),
        stop=tenacity.stop_after_delay(seconds),
        sleep=tenacity.sleep_using_event(event),
        reraise=True,
    )
    log = folder.log(name)
    try:
        retrying(attempt)
    except NotReady as seen:
        raise ProcessFailed(
            name, f"not ready after {seconds:.0f} s: {seen}", log, tail(log, folder)
        ) from seen
    except _Ended as seen:
        raise ProcessFailed(name, str(seen), log, tail(log, folder)) from seen


def poll(what: str, probe: Probe, seconds: float) -> None:
    """Probe until it returns; raises Failure naming `what` when that takes longer than `seconds`."""
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(NotReady),
        wait=tenacity.wait_exponential(multiplier=0.02, max=0.5),
        stop=tenacity.stop_after_delay(seconds),
        reraise=True,
    )
    try:
        retrying(probe)
    except NotReady as seen:
        raise Failure(f"{what}: not reached after {seconds:.0f} s: {seen}") from seen


def tail(log: Path, folder: LabFolder, lines: int = _TAIL_LINES) -> str:
    """The last lines of a log, without any of the lab's secrets."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return redact("\n".join(f"    {line}" for line in text.splitlines()[-lines:]), folder)
