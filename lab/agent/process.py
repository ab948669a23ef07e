"""Starting and ending the process of one container. Linux only where it says so.

A container's end takes everything that it started with it: first its process group, then whatever left the
group but still carries the container's marker in its environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from lab.agent.errors import StartError
from lab.folder import MARKER, LabFolder
from lab.process import ProcessSpec, command

CONTAINER_MARKER = "MLOPS_LAB_CONTAINER"
"""Environment variable of every container's process: <pod uid>/<container>, or <pod uid>/<container>/exec."""
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOG_BYTES = 10 * 1024 * 1024
_LOG_TAIL = 2048
_LOOKS, _LOOK_SECONDS, _YOUNG = 100, 0.02, 5.0
_LAST_WORDS = 3.0
"""Seconds from SIGTERM to SIGKILL when the agent itself has to end."""


def executable(program: str, environment_bin: Path, path: str, own: Path) -> str:
    """The file that argv[0] means: in a volume of the pod (below `own`), else in the image's environment,
    else on the system. Raises `StartError` in the words of a container runtime."""
    if "/" not in program:
        found = shutil.which(program, path=f"{environment_bin}:{path}")
        if found is None:
            raise StartError(f'exec: "{program}": executable file not found in $PATH')
        return found
    inside = Path(program).is_relative_to(own)
    candidates = [program] if inside else [str(environment_bin / Path(program).name), program]
    for candidate in candidates:
        if os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    problem = "permission denied" if os.path.exists(program) else "no such file or directory"
    raise StartError(f'exec: "{program}": {problem}')


class ContainerProcess:
    """A started process, leader of its own session."""

    def __init__(self, process: subprocess.Popen[bytes], marker: str) -> None:
        self._process, self._marker = process, marker

    @property
    def pid(self) -> int:
        """The process id; it is the process group's as well."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit code; 128+n for signal n. Several may wait."""
        if self._process.poll() is None:
            loop = asyncio.get_running_loop()
            ended: asyncio.Future[None] = loop.create_future()
            descriptor = os.pidfd_open(self.pid)
            loop.add_reader(descriptor, _settle, ended)
            try:
                await ended
            finally:
                loop.remove_reader(descriptor)
                os.close(descriptor)
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the leader, as a container runtime does; nothing when it has ended."""
        self._process.send_signal(number)

    async def end_all(self) -> None:
        """End what is left of the container: its leader, if it lives, is asked first."""
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS):
                    await self.wait()
        self.kill_group()
        await self.wait()
        await asyncio.to_thread(end_marked, lambda value: value == self._marker)

    def kill_group(self) -> None:
        """Kill the leader and all that stayed in its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _settle(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def start(folder: LabFolder, spec: ProcessSpec, spec_file: Path, marker: str) -> ContainerProcess:
    """Start `spec`, its output appended to `spec.log`.

    Must be called in the main thread: the kernel ends the process when the *thread* that started it ends.
    """
    spec.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return _start(folder, spec, spec_file, marker, log)
    finally:
        os.close(log)


def _start(folder: LabFolder, spec: ProcessSpec, spec_file: Path, marker: str, log: int) -> ContainerProcess:
    spec.write(folder, spec_file)
    process = subprocess.Popen(
        command(spec_file),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=folder.marker | {CONTAINER_MARKER: marker},
        start_new_session=True,
    )
    return ContainerProcess(process, marker)


async def output(folder: LabFolder, spec: ProcessSpec, spec_file: Path, seconds: float) -> tuple[int, str]:
    """Run `spec` to its end, or kill it after `seconds` (exit code 124); its exit code and last output."""
    with tempfile.TemporaryFile() as file:
        process = _start(folder, spec, spec_file, spec.name, file.fileno())
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
        except TimeoutError:
            return 124, f"no end within {seconds} s"
        finally:
            process.kill_group()
            await asyncio.shield(process.wait())
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - _LOG_TAIL, 0))
        return code, file.read().decode(errors="replace")


def end_marked(wanted: Callable[[str], bool], lab: str | None = None) -> list[int]:
    """Kill every process whose container marker is `wanted` (and whose lab's folder is `lab`), and wait for
    their end; their ids. Blocking.

    A process shows no environment while it becomes another program; such a young one is looked at again.
    """
    killed: list[psutil.Process] = []
    looked_at = list(psutil.process_iter())
    for _ in range(_LOOKS):
        looked_at = [one for one in looked_at if _kill_if(one, wanted, lab, killed)]
        if not looked_at and not any(_alive(one) for one in killed):
            break
        time.sleep(_LOOK_SECONDS)
    return [one.pid for one in killed]


def _kill_if(
    process: psutil.Process, wanted: Callable[[str], bool], lab: str | None, killed: list[psutil.Process]
) -> bool:
    """Whether this process has to be looked at again."""
    environment: dict[str, str] = {}
    with contextlib.suppress(psutil.Error, OSError):
        environment = process.environ()
    mine = lab is None or environment.get(MARKER) == lab
    if mine and CONTAINER_MARKER in environment and wanted(environment[CONTAINER_MARKER]):
        with contextlib.suppress(psutil.Error):
            process.kill()
            killed.append(process)
    return not environment and time.time() - process.create_time() < _YOUNG and _alive(process)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def trim_log(log: Path) -> None:
    """Cut a log of more than 10 MiB to nothing, after keeping it as <name>.1. Its writer appends, so it
    goes on."""
    try:
        if log.stat().st_size > _LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
    except FileNotFoundError:
        return


def log_tail(log: Path, start: int) -> str:
    """The last 2 KiB written since offset `start`, as a termination message holds them."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(min(start, size), size - _LOG_TAIL))
            return stream.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
