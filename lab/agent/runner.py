"""One pod's life: environments, volumes, init containers, containers, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from lab.agent import preparation
from lab.agent.container import Container, Launch, now
from lab.agent.errors import ApiError, ContainerConfigError, MountError
from lab.agent.node import Node
from lab.agent.pod_files import PodFiles, Resolved, with_pod, write_volumes
from lab.agent.references import all_containers
from lab.agent.restarts import restarts
from lab.agent.restored import restored
from lab.agent.status import PodView, Terminated, phase, pod_status
from lab.agent.tasks import cancelled
from lab.images import Programs

Object = Mapping[str, Any]
REFRESH_SECONDS = 5.0
_GATHER = 0.05
"""Changes of one moment are shown together."""
_LOST = frozenset({404, 409})
_log = logging.getLogger(__name__)


class PodRunner:
    """Runs one pod. `run` returns when the pod has ended for good; `terminate` makes it end."""

    def __init__(self, pod: Object, files: PodFiles, node: Node) -> None:
        self.pod, self.files, self.folder, self._node = pod, files, files.folder, node
        spec, status = pod["spec"], pod.get("status") or {}
        grace = spec.get("terminationGracePeriodSeconds")
        self.grace = 30.0 if grace is None else float(grace)
        self.address = node.network(pod).address
        self._policy = spec.get("restartPolicy") or "Always"
        self._started_at = status.get("startTime") or now()
        self._images: dict[str, Programs] = {}
        self._resolved: Resolved | None = None
        self._volumes_ready = self._deleting = False
        self._failed: tuple[str, str] | None = None
        self._stopping, self._ended, self._dirty = asyncio.Event(), asyncio.Event(), asyncio.Event()
        before = {one["name"]: restored(one, now()) for one in status.get("containerStatuses") or []}
        self._main = [
            Container(one, self._policy, self, before.get(one["name"])) for one in spec["containers"]
        ]
        self._init = [
            Container(one, self._init_policy(one), self) for one in spec.get("initContainers") or []
        ]

    def _init_policy(self, spec: Object) -> str:
        if spec.get("restartPolicy") == "Always":
            return "Always"
        return "Never" if self._policy == "Never" else "OnFailure"

    async def launch(self, container: Object, argv: Sequence[str] | None = None) -> Launch:
        """See `container.Surroundings`."""
        with contextlib.suppress(ApiError):  # an API server that is away does not keep a container down
            self._resolved = await self._node.resolve(self.pod)
        if self._resolved is None:
            raise ContainerConfigError("the API server does not answer, and nothing was read from it before")
        network, programs = self._node.network(self.pod), self._images[container["image"]]
        return self.files.launch(container, self._resolved.sources, network, programs, argv)

    def changed(self) -> None:
        """See `container.Surroundings`."""
        self._dirty.set()
        self._node.ready_changed()

    def event(self, kind: str, reason: str, message: str) -> None:
        """See `container.Surroundings`."""
        self._node.event(self.pod, kind, reason, message)

    @property
    def ready(self) -> bool:
        """Whether a Service may send it connections."""
        conditions = self.status()["conditions"]
        return not self._deleting and any(
            one["type"] == "Ready" and one["status"] == "True" for one in conditions
        )

    @property
    def ended(self) -> bool:
        """No process of it is left and none will be started."""
        return self._ended.is_set()

    def status(self) -> dict[str, Any]:
        """The status to show now."""
        return pod_status(self.pod, self._view(), now(), deleting=self._deleting and self.ended)

    def update(self, pod: Object) -> None:
        """The pod's object has changed (labels, annotations, conditions of others)."""
        self.pod, self.files = pod, with_pod(self.files, pod)

    def terminate(self, grace: float) -> None:
        """End all containers within `grace` seconds. Safe to repeat."""
        self._deleting = True
        self._stop(grace, [*self._main, *self._init])
        self.changed()

    async def run(self) -> None:
        """Live and show it; cancellation kills every process of the pod."""
        helpers = [asyncio.create_task(work) for work in (self._publish(), self._refresh(), self._deadline())]
        self.changed()
        try:
            await self._live()
        finally:
            self._ended.set()
            await cancelled(*helpers)
        self._node.ready_changed()
        await self._publish_last()

    async def _live(self) -> None:
        sidecars: list[asyncio.Task[int]] = []
        if phase(self._view(), self._policy) in {"Succeeded", "Failed"}:
            return
        try:
            if await self._unless_stopped(self._prepare()) and await self._run_init(sidecars):
                runs = [asyncio.create_task(one.run()) for one in self._main if self._to_run(one)]
                try:
                    await asyncio.gather(*runs)
                finally:
                    await cancelled(*runs)
        finally:
            self._stop(self.grace, self._init)
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]
                await cancelled(*sidecars)
            await asyncio.gather(*sidecars, return_exceptions=True)

    def _to_run(self, container: Container) -> bool:
        state = container.view.state
        return not isinstance(state, Terminated) or restarts(self._policy, state.exit_code)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        task, stopping = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return not stopping.done() and task.result() is None
        finally:
            await cancelled(task, stopping)

    async def _prepare(self) -> None:
        for name in {one["image"] for one in all_containers(self.pod)}:
            self._images[name] = await preparation.image(
                name, self._node.environment, self._waiting, self.event
            )
        await preparation.volumes(self._write_volumes, self._waiting, self.event)
        self._volumes_ready = True
        self.changed()

    async def _write_volumes(self) -> None:
        self._resolved = await self._node.resolve(self.pod)
        await write_volumes(self.files, self._resolved, self.address)

    def _waiting(self, reason: str, message: str) -> None:
        for one in self._main if not self._init else self._init[:1]:
            if not isinstance(one.view.state, Terminated):
                one.wait_for(reason, message)

    async def _run_init(self, sidecars: list[asyncio.Task[int]]) -> bool:
        for one in self._init:
            if one.spec.get("restartPolicy") == "Always":
                sidecars.append(asyncio.create_task(one.run()))
                await asyncio.wait(
                    {asyncio.create_task(one.begun.wait()), sidecars[-1]}, return_when="FIRST_COMPLETED"
                )
            elif await one.run():
                return False
            if self._stopping.is_set():
                return False
        return True

    def _stop(self, grace: float, containers: Sequence[Container]) -> None:
        if containers is not self._init:
            self._stopping.set()
        for one in containers:
            one.stop(grace)

    async def _refresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if self._volumes_ready:
                with contextlib.suppress(MountError, ApiError, OSError):
                    await self._write_volumes()

    async def _deadline(self) -> None:
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        if seconds is None:
            return
        begun = datetime.datetime.fromisoformat(self._started_at)
        passed = (datetime.datetime.now(datetime.UTC) - begun).total_seconds()
        await asyncio.sleep(max(seconds - passed, 0.0))
        self._failed = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
        self._stop(self.grace, [*self._main, *self._init])

    def _view(self) -> PodView:
        return PodView(
            init=[one.view for one in self._init],
            main=[one.view for one in self._main],
            pod_ip=self._node.pod_ip(self.pod),
            host_ip=(self.pod.get("status") or {}).get("hostIP") or "127.0.0.1",
            started_at=self._started_at,
            volumes_ready=self._volumes_ready,
            failed=self._failed,
            sidecars=frozenset(one.name for one in self._init if one.spec.get("restartPolicy") == "Always"),
        )

    async def _publish(self) -> None:
        while True:
            await self._dirty.wait()
            await asyncio.sleep(_GATHER)
            self._dirty.clear()
            try:
                self.update(await self._node.publish(self.pod, self.status()))
            except ApiError as error:
                if error.status not in _LOST:
                    _log.warning("%s", error)
                    self._dirty.set()
                await asyncio.sleep(1)

    async def _publish_last(self) -> None:
        while True:
            try:
                self.update(await self._node.publish(self.pod, self.status()))
            except ApiError as error:
                if error.status not in _LOST:
                    await asyncio.sleep(1)
                    continue
            return
