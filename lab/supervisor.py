"""The lab's process supervisor: one supervisord, reached by XML-RPC over a private unix socket.

Every process has a configuration file of its own, so a program can be added, changed or removed while the
others run. A process that ends is started again for ever; the pause grows by a second with each attempt that
ends within its first second. The digest of a process' spec is part of its configuration, so that a changed
spec is a changed program.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
import xmlrpc.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tenacity

from lab.errors import SupervisorFailed
from lab.folder import LabFolder, write_private
from lab.process import ProcessSpec
from lab.supervisor_config import NAME, program_config, supervisor_config

_ALIVE = ("STARTING", "RUNNING", "BACKOFF")
_NO_SUCH_PROCESS, _NOT_RUNNING, _ALREADY_STARTED, _ALREADY_ADDED = 10, 70, 60, 90
_UNREACHABLE = (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError)


class SupervisorRefused(SupervisorFailed):
    """The supervisor answers and does not do what it is asked; `code` is its own (xmlrpc.Faults)."""

    def __init__(self, what: str, fault: xmlrpc.client.Fault) -> None:
        self.code = fault.faultCode
        super().__init__(f"{what}: {fault.faultString}")


@dataclass(frozen=True, kw_only=True)
class ProcessState:
    """A process as the supervisor sees it. `state` is STARTING, RUNNING, BACKOFF, STOPPING, STOPPED, EXITED,
    FATAL or UNKNOWN; `pid` is 0 and `started` (seconds since the epoch) means nothing unless it runs."""

    name: str
    state: str
    pid: int = 0
    started: int = 0
    detail: str = ""

    @property
    def alive(self) -> bool:
        return self.state in ("STARTING", "RUNNING")


class Supervisor:
    """The supervisor of one lab. Safe to use from several threads."""

    def __init__(self, folder: LabFolder) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def pid(self) -> int | None:
        """Its process id, or None if no supervisor answers."""
        try:
            return int(self._call("getPID"))
        except SupervisorFailed:
            return None

    def start(self) -> None:
        """Start it. The caller has made sure that none runs and that no leftover does."""
        self._folder.create()
        main = self._folder.supervisor_config
        write_private(main, supervisor_config(self._folder))
        for program in self._folder.programs.glob("*.conf"):
            program.unlink()
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder.tmp),
            "LANG": "C.UTF-8",
            **self._folder.marker,
        }
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(main)],
            env=environment,
            cwd=self._folder.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode != 0:
            raise SupervisorFailed(
                f"{NAME} did not start (exit code {done.returncode}): "
                f"{(done.stderr or done.stdout).strip()}; "
                f"its log: {self._folder.log(NAME)}"
            )
        self._await_answer()

    def ensure(self, spec: ProcessSpec) -> bool:
        """Have the process run as specified. Whether it had to be started, or started again, for that."""
        with self._lock:
            spec.write(self._folder)
            write_private(self._folder.programs / f"{spec.name}.conf", program_config(spec, self._folder))
            _added, changed, _removed = self._call("reloadConfig")[0]
            state = self._state(spec.name)
            if state is not None and spec.name in changed:
                self._halt(spec.name, state)
                self._call("removeProcessGroup", spec.name)
                state = None
            if state is None:
                self._call("addProcessGroup", spec.name)
            elif state.alive:
                return False
            elif state.state == "BACKOFF":
                self._halt(spec.name, state)
            with _tolerated(_ALREADY_STARTED):
                self._call("startProcess", spec.name, False)
            return True

    def restart(self, name: str) -> None:
        """End a process and start it again, for a change that the program reads at its start only."""
        with self._lock:
            state = self._state(name)
            if state is not None:
                self._halt(name, state)
                self._call("startProcess", name, False)

    def retain(self, names: Iterable[str]) -> list[str]:
        """Stop and forget every process that is not named; returns what was removed."""
        keep = set(names)
        with self._lock:
            gone = [name for name in self.states() if name not in keep]
            for path in self._folder.programs.glob("*.conf"):
                if path.stem not in keep:
                    path.unlink()
            for name in gone:
                state = self._state(name)
                if state is not None:
                    self._halt(name, state)
                    self._call("removeProcessGroup", name)
        return gone

    def states(self) -> Mapping[str, ProcessState]:
        """All processes by name. Raises SupervisorFailed when no supervisor answers."""
        return {entry["name"]: _process_state(entry) for entry in self._call("getAllProcessInfo")}

    def stop(self, name: str) -> None:
        """Ask a process to end; returns at once."""
        with _tolerated(_NOT_RUNNING, _NO_SUCH_PROCESS):
            self._call("stopProcess", name, False)

    def tiers(self) -> list[list[str]]:
        """The names of all processes in the order of stopping: those of one tier may stop side by side."""
        tiers: dict[int, list[str]] = {}
        for entry in self._call("getAllConfigInfo"):
            tiers.setdefault(entry["process_prio"], []).append(entry["name"])
        return [tiers[priority] for priority in sorted(tiers, reverse=True)]

    def shutdown(self) -> None:
        """End the supervisor (and what it still runs)."""
        self._call("shutdown")

    def _state(self, name: str) -> ProcessState | None:
        try:
            return _process_state(self._call("getProcessInfo", name))
        except SupervisorRefused as refused:
            if refused.code == _NO_SUCH_PROCESS:
                return None
            raise

    def _halt(self, name: str, state: ProcessState) -> None:
        if state.state in (*_ALIVE, "STOPPING"):
            with _tolerated(_NOT_RUNNING):
                self._call("stopProcess", name, True)

    def _await_answer(self) -> None:
        answered = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(SupervisorFailed),
            wait=tenacity.wait_fixed(0.05),
            stop=tenacity.stop_after_delay(30),
            reraise=True,
        )
        answered(self._call, "getPID")

    def _call(self, method: str, *arguments: Any) -> Any:
        socket = self._folder.supervisor_socket
        with contextlib.closing(_transport(socket)) as transport:
            proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
            try:
                return getattr(proxy.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                raise SupervisorRefused(f"{NAME}: {method} {arguments}", fault) from fault
            except _UNREACHABLE as error:
                raise SupervisorFailed(
                    f"{NAME} does not answer at {socket} ({error}): run `mlops lab up` to start it again"
                ) from error


def _transport(socket: Path) -> Any:
    from supervisor.xmlrpc import SupervisorTransport  # noqa: PLC0415 (pulls in half of supervisor)

    return SupervisorTransport(None, None, f"unix://{socket}")


def _process_state(entry: Mapping[str, Any]) -> ProcessState:
    detail = entry["spawnerr"] or entry["description"]
    return ProcessState(
        name=entry["name"],
        state=entry["statename"],
        pid=entry["pid"],
        started=entry["start"],
        detail=detail,
    )


@contextlib.contextmanager
def _tolerated(*codes: int) -> Any:
    try:
        yield
    except SupervisorRefused as refused:
        if refused.code not in codes:
            raise
