"""The lab: real control planes and servers on this machine, as one thing that goes up and down."""

from __future__ import annotations

import contextlib
import shutil
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import filelock

from lab import ending, leftovers, minio, names, plan, status
from lab.binaries import binary
from lab.bootstrap import write_kubeconfigs
from lab.cache import Cache
from lab.certs import authority
from lab.errors import Busy, Refusal, SupervisorFailed
from lab.folder import LabFolder
from lab.logs import read_log
from lab.memory import Memory, recall, remember
from lab.ports import allot, free_block, listeners
from lab.progress import Progress, SilentProgress
from lab.readiness import NotReady, poll
from lab.runner import Runner
from lab.site import Site
from lab.sources import Sources, gather
from lab.status import LabStatus
from lab.supervisor import Supervisor
from lab.topology import Cluster, Topology

_WHOLE_SECONDS = 60.0
_CA_NAME = "mlops lab authority"


class Lab:
    """One lab in one folder. Any number may run side by side, each in a folder of its own."""

    def __init__(self, folder: LabFolder | Path, cache: Cache | None = None) -> None:
        self.folder = folder if isinstance(folder, LabFolder) else LabFolder(folder)
        self._cache = cache or Cache()
        self._supervisor = Supervisor(self.folder)

    def up(self, topology: Topology, progress: Progress | None = None) -> LabStatus:
        """Bring the lab to what the topology says: start what is missing, leave alone what is right.

        Safe to call at any time and after any crash. Raises Busy while another command holds the lab, and
        LabError (all that failed, each with its log) when something does not come up; what came up stays.
        """
        shown = progress or SilentProgress()
        sources = gather(self._cache, shown)
        with self._held():
            return self._up(topology, sources, shown)

    def down(self, *, purge: bool = False, progress: Progress | None = None) -> None:
        """End every process of the lab; with `purge` remove its folder too. A lab that is not there is as
        good. Raises Busy while another command holds the lab."""
        shown = progress or SilentProgress()
        if not self.folder.root.exists():
            return
        if purge and not ending.is_lab(self.folder):
            raise Refusal(
                f"{self.folder.root}: not a lab's folder (it has no lab.json), so nothing in it is removed: "
                "name the lab's folder"
            )
        with self._held():
            with shown.step("stopping"):
                ending.stop(self.folder, self._supervisor)
            if purge:
                with shown.step("removing"):
                    ending.remove(self.folder)

    def status(self) -> LabStatus:
        """What runs, probed now. Changes nothing and needs no lock."""
        memory = recall(self.folder)
        stopped = LabStatus(
            state=status.STOPPED, folder=str(self.folder.root), kubeconfig=str(self.folder.kubeconfig)
        )
        if memory is None:
            return stopped
        try:
            states = self._supervisor.states()
        except SupervisorFailed:
            return stopped
        site = self.site()
        # A probe knows its cluster by name; only a configuration needs the rest of it.
        clusters = [Cluster(name=name, pod_cidr="", service_cidr="") for name in memory.clusters]
        servers = plan.servers(site, clusters, Sources())
        seen = status.processes(site, servers, states)
        services = status.services(site, seen)
        named = {process.name for service in services for process in service.processes}
        own = {
            name: tuple(seen[s.name] for s in servers if s.labels.get("cluster") == name)
            for name in memory.clusters
        }
        with ThreadPoolExecutor(max_workers=len(own)) as pool:
            found = list(pool.map(lambda item: status.cluster(site, *item), own.items()))
        named |= {process.name for processes in own.values() for process in processes}
        looked = replace(
            stopped,
            state=status.RUNNING,
            clusters=tuple(it for it, _ in found),
            services=services,
            workloads=tuple(pod for _, pods in found for pod in pods),
            endpoints=status.endpoints(self.folder),
            others=tuple(one for name, one in seen.items() if name not in named),
        )
        return replace(looked, state=status.DEGRADED) if looked.troubles() else looked

    def follow_realm(self) -> None:
        """Have MinIO believe the tokens of the realm that is there now. It is not restarted when it already
        does, nor started when the lab is down.

        Raises Busy while another command holds the lab, and LabError when MinIO does not come back.
        """
        site = self.site()
        with self._held():
            if self._supervisor.pid() is None:
                return
            found = binary(minio.NAME, self._cache, SilentProgress())
            server = minio.server(replace(site, tools={minio.NAME: found}))
            runner = Runner(folder=self.folder, supervisor=self._supervisor, progress=SilentProgress())
            runner.bring_up([replace(server, after=())])

    def site(self) -> Site:
        """Ports, folders and trust of the lab as it was last brought up; Refusal when it never was."""
        memory = recall(self.folder)
        if memory is None:
            raise Refusal(f"{self.folder.root}: holds no lab yet: start it with `mlops lab up`")
        return self._site(memory, Sources())

    def logs(self, process: str, lines: int = 50, follow: bool = False) -> Iterator[str]:
        """The last lines of a process' log, then (with `follow`) each new one until the caller stops.

        Raises Refusal, with the known names, when there is no such log.
        """
        return read_log(self.folder, process, lines, follow=follow)

    def kubeconfig(self, cluster: str | None = None) -> Path:
        """The administrator's kubeconfig, of all clusters or of one. Raises Refusal when there is none."""
        path = self.folder.cluster(cluster).kubeconfig if cluster else self.folder.kubeconfig
        if not path.exists():
            memory = recall(self.folder)
            known = ", ".join(memory.clusters) if memory else "none"
            raise Refusal(
                f"{path} is not there: start the lab (`mlops lab up`) or choose one of its clusters ({known})"
            )
        return path

    def _up(self, topology: Topology, sources: Sources, progress: Progress) -> LabStatus:
        self.folder.create()
        if self._supervisor.pid() is None:
            leftovers.end(leftovers.processes(self.folder))
            self._supervisor.start()
        memory = self._remembered(topology, sources, progress)
        site = self._site(memory, sources)
        servers = plan.servers(site, topology.clusters, sources)
        self._supervisor.retain(server.name for server in servers)
        self._forget_clusters(topology)
        write_kubeconfigs(site, memory.clusters)
        names.write(site, memory.clusters)
        runner = Runner(folder=self.folder, supervisor=self._supervisor, progress=progress)
        changed = runner.bring_up(servers)
        return replace(self._whole(), changed=changed)

    def _whole(self) -> LabStatus:
        """The status once all is ready at the same time: on a busy machine a probe may come too late."""
        seen = self.status()

        def probe() -> None:
            nonlocal seen
            seen = self.status()
            if troubles := seen.troubles():
                raise NotReady("; ".join(troubles))

        if seen.state != status.RUNNING:
            poll("the whole lab ready", probe, _WHOLE_SECONDS)
        return seen

    def _remembered(self, topology: Topology, sources: Sources, progress: Progress) -> Memory:
        """The ports of every server: the remembered ones where nobody else has taken them."""
        before = recall(self.folder) or Memory(block=free_block())
        blank = self._site(replace(before, ports=defaultdict(int)), sources)
        wanted = [port for it in plan.servers(blank, topology.clusters, sources) for port in it.ports]
        holders = listeners()
        own = [
            name
            for name, port in before.ports.items()
            if port in holders and leftovers.owned_by(holders[port], self.folder)
        ]
        given = allot(wanted, before.ports, own)
        for name in given.moved:
            progress.say(
                f"{name}: port {before.ports[name]} is taken by another program, using {given.ports[name]}"
            )
        names = tuple(cluster.name for cluster in topology.clusters)
        memory = Memory(ports=given.ports, block=before.block, clusters=names)
        remember(self.folder, memory)
        return memory

    def _site(self, memory: Memory, sources: Sources) -> Site:
        return Site(
            folder=self.folder,
            ports=memory.ports,
            block=memory.block,
            authority=authority(self.folder.pki, "ca", _CA_NAME),
            tools=sources.tools,
        )

    def _forget_clusters(self, topology: Topology) -> None:
        """Remove the data of clusters that left the topology; their processes have ended."""
        keep = {cluster.name for cluster in topology.clusters}
        for folder in self.folder.clusters.iterdir():
            if folder.name not in keep:
                shutil.rmtree(folder)

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        self.folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = filelock.FileLock(self.folder.lock)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise Busy(
                f"{self.folder.root}: another `mlops lab` command is at work on this lab: wait for its end"
            ) from None
        try:
            yield
        finally:
            lock.release()
