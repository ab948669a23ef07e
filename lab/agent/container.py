"""One container's life: configured, started, probed, ended, started again."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from lab.agent.errors import ContainerConfigError, StartError
from lab.agent.probes import Course, Probe, Target, ask, follow, named_ports, parse
from lab.agent.process import ContainerProcess, log_tail, output, start, trim_log
from lab.agent.restarts import back_off, counted, restarts
from lab.agent.status import ContainerView, Running, Terminated, Waiting
from lab.agent.tasks import cancelled
from lab.folder import LabFolder
from lab.process import ProcessSpec

Object = Mapping[str, Any]
CONFIG_RETRY_SECONDS = 1.0
START_FAILED = 128


def now() -> str:
    """The present moment as the API writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Everything needed to start a container now."""

    spec: ProcessSpec
    spec_file: Path
    marker: str
    termination_message: Path


class Surroundings(Protocol):
    """What a container needs of its pod."""

    folder: LabFolder
    address: str
    grace: float

    async def launch(self, container: Object, argv: Sequence[str] | None = None) -> Launch:
        """Resolve a container (or another command in it) now; raises ContainerConfigError or StartError."""

    def changed(self) -> None:
        """Some container's view is another."""

    def event(self, kind: str, reason: str, message: str) -> None:
        """Tell the user."""


class Container:
    """Runs one container until its policy says that it is done or `stop` is called."""

    def __init__(
        self, spec: Object, policy: str, pod: Surroundings, before: ContainerView | None = None
    ) -> None:
        """`policy` is the effective restart policy; `before` what an earlier agent showed of this
        container."""
        self.spec, self._policy, self._pod = spec, policy, pod
        self.name = str(spec["name"])
        waiting = Waiting(reason="PodInitializing")
        blank = ContainerView(name=self.name, image=spec.get("image", ""), state=waiting)
        self.view = before or blank
        self._stopping = asyncio.Event()
        self._grace = pod.grace
        self._failures = 0
        self._begun = time.monotonic()
        self.begun = asyncio.Event()
        """Set when it has once started, its startup probe included."""

    async def run(self) -> int:
        """Live; the last exit code (0 when it never ran)."""
        code = 0
        if isinstance(self.view.state, Terminated):
            self._show(restarts=self.view.restarts + 1)
            self.wait_for("ContainerCreating")
        while not self._stopping.is_set():
            try:
                launch = await self._pod.launch(self.spec)
            except ContainerConfigError as error:
                self.wait_for(error.reason, str(error))
                self._pod.event("Warning", "Failed", f"Error: {error}")
                await self._pause(CONFIG_RETRY_SECONDS)
                continue
            except StartError as error:
                begun = time.monotonic()
                self._pod.event("Warning", "Failed", f"Error: {error}")
                ended = Terminated(
                    exit_code=START_FAILED, reason="StartError", message=str(error), finished_at=now()
                )
            else:
                begun = time.monotonic()
                ended = await self._once(launch)
            code = ended.exit_code
            self._show(state=ended, ready=False, started=False)
            if self._stopping.is_set() or not restarts(self._policy, code):
                break
            self._failures = counted(self._failures, time.monotonic() - begun)
            await self._back_off(ended)
        return code

    def stop(self, grace: float) -> None:
        """Ask it to end within `grace` seconds; `run` then returns."""
        self._grace = grace
        self._stopping.set()

    def wait_for(self, reason: str, message: str = "") -> None:
        """Show the container as waiting; a state it had is kept as the last one."""
        last = self.view.state if isinstance(self.view.state, Terminated) else self.view.last
        self._show(state=Waiting(reason=reason, message=message), last=last, ready=False, started=False)

    async def _back_off(self, ended: Terminated) -> None:
        seconds = back_off(self._failures)
        if seconds:
            self.wait_for(
                "CrashLoopBackOff", f"back-off {seconds:g}s restarting failed container={self.name}"
            )
            self._pod.event("Warning", "BackOff", f"Back-off restarting failed container {self.name}")
            await self._pause(seconds)
        self._show(restarts=self.view.restarts + 1, last=ended)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _once(self, launch: Launch) -> Terminated:
        trim_log(launch.spec.log)
        offset = launch.spec.log.stat().st_size if launch.spec.log.exists() else 0
        launch.termination_message.unlink(missing_ok=True)
        process = start(self._pod.folder, launch.spec, launch.spec_file, launch.marker)
        begun, self._begun = now(), time.monotonic()
        self._show(state=Running(started_at=begun), ready=False, started=False)
        self._pod.event("Normal", "Started", f"Started container {self.name}")
        try:
            code = await self._until_end(process)
        finally:
            await asyncio.shield(process.end_all())
        message = self._termination_message(launch, offset, code)
        reason = "Completed" if code == 0 else "Error"
        return Terminated(exit_code=code, reason=reason, message=message, started_at=begun, finished_at=now())

    async def _until_end(self, process: ContainerProcess) -> int:
        exited = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        probing = asyncio.create_task(self._probe())
        try:
            await asyncio.wait({exited, stopping, probing}, return_when=asyncio.FIRST_COMPLETED)
            if exited.done():
                return exited.result()
            if not stopping.done():
                self._grace = probing.result()
                self._pod.event(
                    "Normal", "Killing", f"Container {self.name} failed liveness probe, will be restarted"
                )
            return await self._end(process, exited)
        finally:
            await cancelled(exited, stopping, probing)

    async def _end(self, process: ContainerProcess, exited: asyncio.Task[int]) -> int:
        deadline = time.monotonic() + self._grace
        self._show(ready=False)
        if hook := (self.spec.get("lifecycle") or {}).get("preStop"):
            await self._hook(hook, self._grace)
        process.signal(signal.SIGTERM)
        await asyncio.wait({exited}, timeout=max(deadline - time.monotonic(), 0.0))
        if not exited.done():
            process.signal(signal.SIGKILL)
        return await exited

    async def _hook(self, hook: Object, seconds: float) -> None:
        if "sleep" in hook:
            await asyncio.sleep(min(float(hook["sleep"].get("seconds", 0)), seconds))
            return
        good, why = await ask(Probe(action=hook, timeout=seconds), self._target())
        if not good:
            self._pod.event("Warning", "FailedPreStopHook", why)

    def _target(self) -> Target:
        return Target(address=self._pod.address, ports=named_ports(self.spec), execute=self._execute)

    async def _execute(self, argv: Sequence[str], seconds: float) -> tuple[int, str]:
        try:
            launch = await self._pod.launch(self.spec, argv)
        except (ContainerConfigError, StartError) as error:
            return START_FAILED, str(error)
        return await output(self._pod.folder, launch.spec, launch.spec_file, seconds)

    async def _probe(self) -> float:
        """Follow the probes; returns the grace period to end with when startup or liveness has failed."""
        startup, liveness = self.spec.get("startupProbe"), self.spec.get("livenessProbe")
        if startup and not await self._follow("Startup", startup, until=lambda verdict: verdict is not None):
            return float(startup.get("terminationGracePeriodSeconds") or self._pod.grace)
        self._show(started=True, ready="readinessProbe" not in self.spec)
        self.begun.set()
        readiness = asyncio.create_task(
            self._follow("Readiness", self.spec.get("readinessProbe"), seen=self._ready)
        )
        try:
            await self._follow("Liveness", liveness, until=lambda verdict: verdict is False)
        finally:
            await cancelled(readiness)
        return float((liveness or {}).get("terminationGracePeriodSeconds") or self._pod.grace)

    def _ready(self, verdict: bool | None) -> None:
        self._show(ready=bool(verdict))

    async def _follow(self, what: str, specification: Object | None, **wishes: Any) -> bool | None:
        probe = parse(specification)
        if probe is None:
            await asyncio.Event().wait()
            return None

        def told(why: str) -> None:
            self._pod.event("Warning", "Unhealthy", f"{what} probe failed: {why}")

        return await follow(probe, Course(target=self._target(), begun=self._begun, told=told, **wishes))

    def _termination_message(self, launch: Launch, offset: int, code: int) -> str:
        with contextlib.suppress(OSError):
            if written := launch.termination_message.read_text(errors="replace")[:4096]:
                return written
        if code and self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError":
            return log_tail(launch.spec.log, offset)
        return ""

    def _show(self, **changes: Any) -> None:
        after = replace(self.view, **changes)
        if after != self.view:
            self.view = after
            self._pod.changed()
