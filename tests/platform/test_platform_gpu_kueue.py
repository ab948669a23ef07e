"""Kueue itself: quotas, borrowing, priority, taking back and a held queue, by its own manager.

The manager is no Go module that could be had; these tests run where its binary is on PATH under the name `kueue`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from kubernetes import client

from components.gpu import queue_objects
from components.gpu.kueue_values import manager_configuration
from components.manifest import NamespaceRef
from config.gpu_queues import GpuQueue
from config.gpu_settings import GpuSettings
from config.load import read
from lab.certs import Subject, authority, leaf
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_pods import PATIENCE, namespace, pod
from tests.platform.kueue import GROUP, VERSION, create, kueues_kinds, needs_definitions
from tests.platform.store import api
from tests.services.conftest import free_port

MANAGER = "kueue"
FIRST, SECOND = "kueue-first", "kueue-second"
GPU = "nvidia.com/gpu"
POOL = "dev-a100-mig"

pytestmark = [
    pytest.mark.lab,
    needs_definitions,
    pytest.mark.skipif(
        shutil.which(MANAGER) is None,
        reason=f"no {MANAGER!r} on PATH: that Kueue keeps quotas, lends, goes by priority, takes back and holds a "
        "queue was NOT proved; its objects were held to its definitions alone",
    ),
]


def queue(team: str, **quota: int) -> GpuQueue:
    return GpuQueue.model_validate({"team": team, "quotas": {POOL: {GPU: quota}}})


QUEUES = {
    FIRST: queue(FIRST, nominal=2, borrowing=0, lending=1),
    SECOND: queue(SECOND, nominal=2, borrowing=1),
}


@pytest.fixture(scope="module")
def kinds(platform: Platform) -> Iterator[client.CustomObjectsApi]:
    with kueues_kinds(platform, "west") as served:
        yield served


@pytest.fixture(scope="module")
def _manager(
    platform: Platform, kinds: client.CustomObjectsApi, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """With our own configuration, but without what needs a way back from the API server: its webhooks."""
    folder = tmp_path_factory.mktemp("kueue")
    pair = leaf(
        authority(folder, "ca", "kueue"), folder, "serving", Subject(name=MANAGER, hosts=("localhost",))
    )
    shutil.copy(pair.certificate, folder / "tls.crt")
    shutil.copy(pair.key, folder / "tls.key")
    configuration = manager_configuration([FIRST, SECOND], [GPU], GpuSettings()) | {
        "health": {"healthProbeBindAddress": f"127.0.0.1:{free_port()}"},
        "metrics": {"bindAddress": "0"},
        "webhook": {"host": "127.0.0.1", "port": free_port(), "certDir": str(folder)},
        "internalCertManagement": {"enable": False},
        "leaderElection": {"leaderElect": False},
        "integrations": {"frameworks": ["batch/job"]},
    }
    file = folder / "configuration.yaml"
    file.write_text(yaml.safe_dump(configuration))
    command = [str(shutil.which(MANAGER)), f"--config={file}", "--feature-gates=VisibilityOnDemand=false"]
    kubeconfig = str(platform.folder.cluster("west").kubeconfig)
    log = (folder / "log").open("wb")
    with (
        log,
        subprocess.Popen(
            command, env={**os.environ, "KUBECONFIG": kubeconfig}, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()


@pytest.fixture
def jobs(platform: Platform, kinds: client.CustomObjectsApi, _manager: None) -> Iterator[Jobs]:
    """Two teams that have two slices each; the second may borrow one, the first lends one."""
    pools = [one for one in read(ROOT, "dev").clusters[1].gpu_pools if one.name == POOL]
    made = [
        *(queue_objects.flavor(pool, {}) for pool in pools),
        *(queue_objects.priority_class(name, {}) for name in queue_objects.PRIORITIES),
        *(queue_objects.cluster_queue(one, pools, [one.team], {}) for one in QUEUES.values()),
    ]
    with api(platform, "west") as connection:
        core = client.CoreV1Api(connection)
        with namespace(core, FIRST, "dev"), namespace(core, SECOND, "dev"):
            for manifest in made:
                create(kinds, manifest)
            for team in QUEUES:
                create(kinds, queue_objects.local_queue(team, NamespaceRef(name=team, ready=team), {}))
            try:
                yield Jobs(client.BatchV1Api(connection), kinds)
            finally:
                for team in QUEUES:
                    client.BatchV1Api(connection).delete_collection_namespaced_job(
                        team, propagation_policy="Background"
                    )
                for manifest in reversed(made):
                    kinds.delete_cluster_custom_object(
                        GROUP, VERSION, _plural(manifest["kind"]), manifest["metadata"]["name"]
                    )


def _plural(kind: str) -> str:
    return "workloadpriorityclasses" if kind == "WorkloadPriorityClass" else f"{kind.lower()}s"


class Jobs:
    """Jobs of one slice each, that run for an hour."""

    def __init__(self, batch: client.BatchV1Api, kinds: client.CustomObjectsApi) -> None:
        self._batch, self._kinds = batch, kinds

    def start(self, team: str, *names: str, priority: str = "experiment") -> None:
        for name in names:
            template = pod(name, GPU, "dev", restartPolicy="Never")
            template["metadata"] = {"annotations": {"mlops.platform/simulated-duration": "3600s"}}
            labels = {
                "kueue.x-k8s.io/queue-name": queue_objects.DEFAULT_QUEUE,
                "kueue.x-k8s.io/priority-class": priority,
            }
            job = {
                "metadata": {"name": name, "labels": labels},
                "spec": {"suspend": True, "template": template},
            }
            self._batch.create_namespaced_job(team, job)

    def admitted(self, team: str) -> set[str]:
        found = self._kinds.list_namespaced_custom_object(GROUP, VERSION, team, "workloads")["items"]
        return {
            one["metadata"]["ownerReferences"][0]["name"]
            for one in found
            for condition in (one.get("status") or {}).get("conditions") or ()
            if (condition["type"], condition["status"]) == ("Admitted", "True")
        }

    def become(self, team: str, *names: str) -> None:
        """Wait until exactly these are admitted."""

        def look() -> None:
            assert self.admitted(team) == set(names)

        PATIENCE.copy()(look)

    def hold(self, team: str) -> None:
        body: dict[str, Any] = {"spec": {"stopPolicy": "Hold"}}
        self._kinds.patch_cluster_custom_object(GROUP, VERSION, "clusterqueues", team, body)


def test_a_team_gets_its_quota_and_what_another_lends_and_no_more(jobs: Jobs) -> None:
    jobs.start(SECOND, "a", "b", "c", "d")
    PATIENCE.copy()(lambda: _counted(jobs, 3))


def _counted(jobs: Jobs, wanted: int) -> None:
    assert len(jobs.admitted(SECOND)) == wanted


def test_a_team_takes_back_what_it_lent(jobs: Jobs) -> None:
    jobs.start(SECOND, "a", "b", "c")
    jobs.become(SECOND, "a", "b", "c")
    jobs.start(FIRST, "own-1", "own-2")
    jobs.become(FIRST, "own-1", "own-2")
    PATIENCE.copy()(lambda: _counted(jobs, 2))


def test_a_model_in_production_goes_before_development(jobs: Jobs) -> None:
    jobs.start(FIRST, "dev-1", "dev-2", priority="dev-environment")
    jobs.become(FIRST, "dev-1", "dev-2")
    jobs.start(FIRST, "retrain-1", "retrain-2", priority="production-retrain")
    jobs.become(FIRST, "retrain-1", "retrain-2")


def test_a_queue_that_is_held_admits_nothing_and_lets_run_what_runs(jobs: Jobs) -> None:
    jobs.start(FIRST, "before")
    jobs.become(FIRST, "before")
    jobs.hold(FIRST)
    jobs.start(FIRST, "after")
    jobs.start(SECOND, "other")
    jobs.become(SECOND, "other")
    assert jobs.admitted(FIRST) == {"before"}
