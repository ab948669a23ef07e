"""The account of GPU-hours at a real API server, with no more rights than the program gives it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import client

from components.gpu import hours, queue_objects
from components.manifest import NamespaceRef
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from config.load import read
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_account import HOME, Accountant, service_account
from tests.platform.gpu_pods import PATIENCE
from tests.platform.kueue import GROUP, VERSION, create, kueues_kinds, needs_definitions
from tests.platform.store import api

pytestmark = [pytest.mark.lab, needs_definitions]

TEAM = "ml-engineering"
SPACE = "mlops-dev"
USED = 6
"""Hours that the one Workload has had four whole GPUs."""


def pools() -> tuple[GpuPool, ...]:
    return read(ROOT, "dev").clusters[1].gpu_pools


def queue(budget: int) -> GpuQueue:
    quotas = {"training-h100": {"nvidia.com/gpu": {"nominal": 4}}}
    return GpuQueue.model_validate({"team": TEAM, "quotas": quotas, "budget": {"gpuHours": budget}})


@pytest.fixture(scope="module")
def kinds(platform: Platform) -> Iterator[client.CustomObjectsApi]:
    with kueues_kinds(platform, "west") as served:
        for manifest in (
            queue_objects.cluster_queue(queue(1), pools(), [SPACE], {}),
            queue_objects.local_queue(TEAM, NamespaceRef(name=SPACE, ready=SPACE), {}),
        ):
            create(served, manifest)
        made = create(served, workload())
        status = {"metadata": made["metadata"], "status": admitted()}
        served.patch_namespaced_custom_object_status(
            GROUP, VERSION, SPACE, "workloads", made["metadata"]["name"], status
        )
        yield served


def workload() -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "it", "image": "it"}], "restartPolicy": "Never"}}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "Workload",
        "metadata": {"name": "it", "namespace": SPACE, "labels": {"mlops.platform/owner": "ada"}},
        "spec": {
            "queueName": queue_objects.DEFAULT_QUEUE,
            "podSets": [{"name": "main", "count": 1, "template": template}],
        },
    }


def admitted() -> dict[str, Any]:
    since = (datetime.now(UTC) - timedelta(hours=USED)).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {
            "type": kind,
            "status": "True",
            "reason": kind,
            "message": kind,
            "lastTransitionTime": since,
        }
        for kind in ("QuotaReserved", "Admitted")
    ]
    usage = {
        "name": "main",
        "flavors": {"nvidia.com/gpu": "training-h100"},
        "resourceUsage": {"nvidia.com/gpu": "4"},
        "count": 1,
    }
    return {"conditions": conditions, "admission": {"clusterQueue": TEAM, "podSetAssignments": [usage]}}


@pytest.fixture(scope="module")
def accountant(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accountant]:
    with service_account(platform, "west") as token:
        folder = tmp_path_factory.mktemp("account")
        yield Accountant(platform=platform, cluster="west", folder=folder, token=token, pools=pools())


def policy(kinds: client.CustomObjectsApi) -> str:
    found = kinds.get_cluster_custom_object(GROUP, VERSION, "clusterqueues", TEAM)
    return str(found["spec"].get("stopPolicy"))


def test_a_team_that_has_spent_its_budget_is_held_and_opened_again_with_a_larger_one(
    platform: Platform, kinds: client.CustomObjectsApi, accountant: Accountant
) -> None:
    assert policy(kinds) == "None"

    def is_policy(wanted: str) -> None:
        assert policy(kinds) == wanted

    with accountant.budgets(queue(USED * 4 - 1)):
        PATIENCE.copy()(is_policy, "Hold")
    with api(platform, "west") as connection:
        core = client.CoreV1Api(connection)
        spent = "reason=GpuBudgetSpent,involvedObject.name=" + TEAM
        (told,) = core.list_namespaced_event("default", field_selector=spent).items
        kept = core.read_namespaced_config_map(hours.ACCOUNT, HOME.name)
    assert "24.0 of 23 GPU-hours" in told.message
    assert '"ada"' in kept.data["account.json"]
    with accountant.budgets(queue(USED * 4 + 100)):
        PATIENCE.copy()(is_policy, "None")
