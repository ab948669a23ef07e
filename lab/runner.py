"""Bringing servers up side by side, each as soon as what it needs is settled."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from lab.errors import Failure, LabError
from lab.folder import LabFolder
from lab.progress import Progress
from lab.readiness import await_ready
from lab.site import Server
from lab.supervisor import Supervisor


class _Skipped(Exception):
    """Something that this server needs failed."""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Brings servers up in one lab."""

    folder: LabFolder
    supervisor: Supervisor
    progress: Progress

    def bring_up(self, servers: Sequence[Server]) -> tuple[str, ...]:
        """Have every server run, ready and settled; returns the names of those that had to be started.

        A failure stops what depends on it and nothing else. Raises Failure, with the message of every server
        that failed, once all others are done.
        """
        cancelled = threading.Event()
        futures: dict[str, Future[bool]] = {}
        complete = threading.Event()
        with ThreadPoolExecutor(max_workers=len(servers), thread_name_prefix="lab") as pool:
            for server in servers:
                futures[server.name] = pool.submit(self._task, server, futures, complete, cancelled)
            complete.set()
            try:
                failures = [error for future in futures.values() if (error := future.exception()) is not None]
            except BaseException:
                cancelled.set()
                raise
        _raise(failures)
        return tuple(name for name, future in futures.items() if future.result())

    def _task(
        self,
        server: Server,
        futures: dict[str, Future[bool]],
        complete: threading.Event,
        cancelled: threading.Event,
    ) -> bool:
        complete.wait()
        for name in server.after:
            if futures[name].exception() is not None:
                raise _Skipped(name)
        with self.progress.step(server.name):
            started = self.supervisor.ensure(server.configure())
            await_ready(
                server.name,
                server.probe,
                self.folder,
                self.supervisor,
                seconds=server.seconds,
                steady=server.steady,
                cancelled=cancelled,
            )
            if server.settle is not None:
                server.settle()
        return started


def _raise(failures: Sequence[BaseException]) -> None:
    real = [failure for failure in failures if not isinstance(failure, _Skipped)]
    for failure in real:
        if not isinstance(failure, LabError):
            raise failure
    if len(real) == 1:
        raise real[0]
    if real:
        raise Failure("\n".join(str(failure) for failure in real)) from real[0]
