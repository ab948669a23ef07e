"""One cluster's node agent: starts and ends pod runners as the API says, and serves them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.agent.addresses import Addresses, port_floor, unprivileged_port
from lab.agent.errors import AddressesExhaustedError, ApiError
from lab.agent.events import Events
from lab.agent.images import Images, wholly
from lab.agent.kube import MERGE, NOT_FOUND, STRATEGIC, KubeClient
from lab.agent.networks import network
from lab.agent.pod_files import Network, PodFiles, Resolved
from lab.agent.pod_ip import pod_ip
from lab.agent.probes import named_ports
from lab.agent.references_api import Resolver
from lab.agent.runner import PodRunner
from lab.agent.services import LocalPod
from lab.agent.tasks import cancelled
from lab.agent.watch import Mirror
from lab.folder import LabFolder
from lab.images import Programs

Object = Mapping[str, Any]
LAB_ADDRESS = "mlops.platform/lab-address"
"""Annotation of a real pod: host:port of its first port on this machine."""
_NO_RANGE = "198.51.100.0/24"
"""For a node without a pod range (RFC 5737: for examples, so nobody's)."""
_RETRY = 2.0
_ENDED = frozenset({"Succeeded", "Failed"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """One cluster as its agent needs it. `images` is shared by all clusters."""

    name: str
    folder: LabFolder
    addresses: Addresses
    images: Images
    runnable: Callable[[str], bool]
    ready_changed: Callable[[], None]


class _Life:
    """A pod's runner with the task it lives in."""

    def __init__(self, pod: dict[str, Any]) -> None:
        self.pod = pod
        self.runner: PodRunner | None = None
        self.delete = asyncio.Event()
        self.gone = False
        self.task: asyncio.Task[None] | None = None


class ClusterAgent:
    """Implements `node.Node` for the pods of one cluster."""

    def __init__(self, client: KubeClient, config: ClusterConfig) -> None:
        self._client, self._config = client, config
        self._lives: dict[str, _Life] = {}
        self._ips: dict[str, str] = {}
        self._events, self._resolver = Events(client), Resolver(client)
        self._floor = port_floor()
        self.services = Mirror(client, "/api/v1/services", lambda _key, _item: config.ready_changed())
        self._pods = Mirror(client, "/api/v1/pods", self._pod_changed, fields="spec.nodeName!=")

    async def run(self) -> None:
        """For ever; cancellation ends every process, the pods stay as they are in the API."""
        following = [asyncio.create_task(self.services.run())]
        try:
            await self.services.listed.wait()
            following.append(asyncio.create_task(self._pods.run()))
            await self._pods.listed.wait()
            self._config.addresses.keep_only(set(self._lives))
            self._remove_strays()
            await asyncio.gather(*following)
        finally:
            tasks = [*following, *(one.task for one in self._lives.values() if one.task)]
            await cancelled(*tasks)

    def _remove_strays(self) -> None:
        for path in (self._config.folder.pods / self._config.name).glob("*/*"):
            if path.name not in {"claims", *self._lives}:
                shutil.rmtree(path, ignore_errors=True)

    def local_pods(self) -> list[LocalPod]:
        """The real pods, for Services."""
        found = []
        for uid, life in self._lives.items():
            if life.runner is not None and not life.runner.ended:
                meta, spec = life.runner.pod["metadata"], life.runner.pod["spec"]
                found.append(
                    LocalPod(
                        namespace=meta["namespace"],
                        labels=meta.get("labels") or {},
                        address=self._config.addresses.pod(uid),
                        ports={k: v for one in spec["containers"] for k, v in named_ports(one).items()},
                        ready=life.runner.ready,
                    )
                )
        return found

    def port(self, number: int) -> int:
        """The port that stands for a service port."""
        return unprivileged_port(number, self._floor)

    # node.Node ----------------------------------------------------------------------------------------

    async def resolve(self, pod: Object) -> Resolved:
        """See `node.Node`."""
        return await self._resolver.resolve(pod)

    async def environment(self, image: str) -> Programs | None:
        """See `node.Node`."""
        return await self._config.images.environment(image)

    def network(self, pod: Object) -> Network:
        """See `node.Node`."""
        services = list(self.services.items.values())
        return network(pod, services, self._config.addresses, self.port, self._client.server)

    def pod_ip(self, pod: Object) -> str:
        """See `node.Node`."""
        return self._ips[pod["metadata"]["uid"]]

    async def publish(self, pod: Object, status: dict[str, Any]) -> Object:
        """See `node.Node`."""
        body = {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status}
        return await self._client.request("PATCH", f"{_path(pod)}/status", body, content_type=STRATEGIC)

    def event(self, pod: Object, kind: str, reason: str, message: str) -> None:
        """See `node.Node`."""
        self._events.tell(pod, kind, reason, message)

    def ready_changed(self) -> None:
        """See `node.Node`."""
        self._config.ready_changed()

    # Lives --------------------------------------------------------------------------------------------

    def _pod_changed(self, key: str, pod: dict[str, Any] | None) -> None:
        if pod is None:
            for lost in [one for one in self._lives.values() if _key(one.pod) == key]:
                lost.gone = True
                if lost.task is not None:
                    lost.task.cancel()
            return
        if not wholly(pod, self._config.runnable):
            return
        uid = pod["metadata"]["uid"]
        life = self._lives.get(uid)
        if life is None:
            life = self._lives[uid] = _Life(pod)
            life.task = asyncio.create_task(self._live(uid, life))
        life.pod = pod
        if life.runner is not None:
            life.runner.update(pod)
        if pod["metadata"].get("deletionTimestamp"):
            life.delete.set()
            if life.runner is not None:
                life.runner.terminate(float(pod["metadata"].get("deletionGracePeriodSeconds") or 0))

    async def _live(self, uid: str, life: _Life) -> None:
        files = PodFiles(folder=self._config.folder, cluster=self._config.name, pod=life.pod)
        try:
            while not (life.delete.is_set() or (life.pod.get("status") or {}).get("phase") in _ENDED):
                try:
                    await self._prepare(uid, life.pod)
                    life.runner = PodRunner(life.pod, files, self)
                    await life.runner.run()
                    break
                except (ApiError, AddressesExhaustedError, OSError) as error:
                    _log.warning("pod %s: %s; tried again shortly", _key(life.pod), error)
                    await asyncio.sleep(_RETRY)
            await asyncio.to_thread(files.remove)
            self._config.addresses.release(uid)
            await life.delete.wait()
            life.gone = True
            await self._delete(life.pod)
        except Exception:
            _log.exception("pod %s: the agent failed to run it", _key(life.pod))
        finally:
            if life.gone:
                await asyncio.shield(asyncio.to_thread(files.remove))
                self._forget(uid)

    def _forget(self, uid: str) -> None:
        self._lives.pop(uid, None)
        self._config.addresses.release(uid)
        self._ips.pop(uid, None)
        self._resolver.forget(uid)

    async def _prepare(self, uid: str, pod: Object) -> None:
        shown = (pod.get("status") or {}).get("podIP")
        if shown is None and uid not in self._ips:
            node = await self._client.find(f"/api/v1/nodes/{pod['spec']['nodeName']}")
            cidr = ((node or {}).get("spec") or {}).get("podCIDR") or _NO_RANGE
            shown = pod_ip(cidr, set(self._ips.values()) | self._shown_ips())
        if uid not in self._ips:
            self._ips[uid] = str(shown)
        ports = [
            port["containerPort"] for one in pod["spec"]["containers"] for port in one.get("ports") or []
        ]
        address = self._config.addresses.pod(uid)
        annotation = {LAB_ADDRESS: f"{address}:{ports[0]}" if ports else address}
        if annotation.items() <= (pod["metadata"].get("annotations") or {}).items():
            return
        body = {"metadata": {"uid": uid, "annotations": annotation}}
        with contextlib.suppress(ApiError):
            await self._client.request("PATCH", _path(pod), body, content_type=MERGE)

    def _shown_ips(self) -> set[str]:
        return {(one.get("status") or {}).get("podIP", "") for one in self._pods.items.values()}

    async def _delete(self, pod: Object) -> None:
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
        body["preconditions"] = {"uid": pod["metadata"]["uid"]}
        while True:
            try:
                await self._client.request("DELETE", _path(pod), body)
            except ApiError as error:
                if error.status not in {NOT_FOUND, 409}:
                    _log.warning("%s", error)
                    await asyncio.sleep(_RETRY)
                    continue
            return


def _path(pod: Object) -> str:
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def _key(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
