"""Two teams with two slices of one pool each, queued by Kueue's manager, and the jobs that they start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from kubernetes import client

from components.access.ownership import OWNER_LABEL
from components.gpu import queue_objects
from components.manifest import Manifest, NamespaceRef
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from tests.platform.command import Platform
from tests.platform.gpu_pods import namespace, pod
from tests.platform.kueue import GROUP, VERSION, create, plural
from tests.platform.kueue_manager import Manager
from tests.platform.store import api

FIRST, SECOND = "kueue-first", "kueue-second"
GPU = "nvidia.com/gpu"
POOL = "dev-a100-mig"
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"


def queue(team: str, budget: Mapping[str, int] | None = None, **quota: int) -> GpuQueue:
    quotas = {POOL: {GPU: quota}}
    return GpuQueue.model_validate({"team": team, "quotas": quotas, "budget": budget})


QUEUES = (queue(FIRST, nominal=2, borrowing=0, lending=1), queue(SECOND, nominal=2, borrowing=1))
"""The first lends one slice and borrows none; the second borrows one."""


@dataclass(frozen=True, kw_only=True)
class Jobs:
    """Jobs of one slice each, that run for an hour. Nothing in them names a queue."""

    connection: client.ApiClient
    kinds: client.CustomObjectsApi
    manager: Manager

    @property
    def batch(self) -> client.BatchV1Api:
        return client.BatchV1Api(self.connection)

    def start(self, team: str, *names: str, priority: str = "experiment", owner: str = "ada") -> None:
        labels = {PRIORITY_LABEL: priority, OWNER_LABEL: owner}
        for name in names:
            template = pod(name, GPU, "dev", restartPolicy="Never")
            template["metadata"] = {"annotations": {"mlops.platform/simulated-duration": "3600s"}}
            self.batch.create_namespaced_job(
                team, {"metadata": {"name": name, "labels": labels}, "spec": {"template": template}}
            )

    def end(self, team: str, name: str) -> None:
        self.batch.delete_namespaced_job(name, team, propagation_policy="Background")

    def workloads(self, team: str) -> dict[str, dict[str, Any]]:
        """Kueue's Workloads by the name of their job."""
        found = self.kinds.list_namespaced_custom_object(GROUP, VERSION, team, "workloads")["items"]
        return {one["metadata"]["ownerReferences"][0]["name"]: one for one in found}

    def admitted(self, team: str) -> set[str]:
        return {
            name
            for name, one in self.workloads(team).items()
            for condition in (one.get("status") or {}).get("conditions") or ()
            if (condition["type"], condition["status"]) == ("Admitted", "True")
        }

    def become(self, team: str, *names: str) -> None:
        """Wait until exactly these are admitted."""

        def look() -> None:
            assert self.admitted(team) == set(names)

        self.manager.until(look)

    def policy(self, team: str) -> str:
        """Whether the team's queue is held."""
        found = self.kinds.get_cluster_custom_object(GROUP, VERSION, "clusterqueues", team)
        return str(found["spec"].get("stopPolicy"))

    def hold(self, team: str) -> None:
        body = {"spec": {"stopPolicy": "Hold"}}
        self.kinds.patch_cluster_custom_object(GROUP, VERSION, "clusterqueues", team, body)


@contextmanager
def teams(
    platform: Platform,
    cluster: str,
    kinds: client.CustomObjectsApi,
    manager: Manager,
    pools: Sequence[GpuPool],
) -> Iterator[Jobs]:
    """The teams' namespaces and queues, open for jobs; at the end all is gone, while the manager is there for it."""
    with api(platform, cluster) as connection, ExitStack() as ended:
        jobs = Jobs(connection=connection, kinds=kinds, manager=manager)
        for manifest in (
            *(queue_objects.flavor(pool, {}) for pool in pools),
            *(queue_objects.priority_class(name, {}) for name in queue_objects.PRIORITIES),
            *(queue_objects.cluster_queue(one, pools, [one.team], {}) for one in QUEUES),
        ):
            create(kinds, manifest)
            ended.callback(_remove, jobs, manifest)
        core = client.CoreV1Api(connection)
        for one in QUEUES:
            ended.enter_context(namespace(core, one.team, "dev"))
            home = NamespaceRef(name=one.team, ready=one.team)
            create(kinds, queue_objects.local_queue(one.team, home, {}))
        manager.until(lambda: _open(kinds))
        yield jobs


def _open(kinds: client.CustomObjectsApi) -> None:
    for one in QUEUES:
        name = queue_objects.DEFAULT_QUEUE
        found = kinds.get_namespaced_custom_object(GROUP, VERSION, one.team, "localqueues", name)
        told = {each["type"]: each["status"] for each in (found.get("status") or {}).get("conditions") or ()}
        assert told.get("Active") == "True", f"{one.team}: {told}"


def _remove(jobs: Jobs, manifest: Manifest) -> None:
    """The manager lets go of it once nothing uses it any more."""
    where = (GROUP, VERSION, plural(manifest["kind"]))
    name = manifest["metadata"]["name"]
    jobs.kinds.delete_cluster_custom_object(*where, name)

    def gone() -> None:
        items = jobs.kinds.list_cluster_custom_object(*where)["items"]
        assert name not in {one["metadata"]["name"] for one in items}, f"{name} is still there"

    jobs.manager.until(gone)
