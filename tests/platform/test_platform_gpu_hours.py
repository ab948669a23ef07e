"""The account of GPU-hours at a real API server, with no more rights than the program gives it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from kubernetes import client

from components.gpu import hours, queue_objects
from components.isolation.namespace import restricted_namespace
from components.labels import Owner
from components.manifest import NamespaceRef
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from config.load import read
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_pods import PATIENCE
from tests.platform.kueue import GROUP, VERSION, create, kueues_kinds, needs_definitions
from tests.platform.store import api
from tests.services.conftest import free_port

pytestmark = [pytest.mark.lab, needs_definitions]

TEAM = "ml-engineering"
SPACE = "mlops-dev"
HOME = NamespaceRef(name=hours.APP, ready=hours.APP)
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
def account(platform: Platform) -> Iterator[str]:
    """A token of the service's account, with the rights that the program declares."""
    with api(platform, "west") as connection:
        core, rbac = client.CoreV1Api(connection), client.RbacAuthorizationV1Api(connection)
        core.create_namespace(restricted_namespace(HOME.name, {}))
        core.create_namespaced_service_account(HOME.name, {"metadata": {"name": hours.APP}})
        granted = list(hours.rights(HOME, False, {}).values())
        for role, binding in granted:
            if binding["kind"] == "RoleBinding":
                rbac.create_namespaced_role(HOME.name, role)
                rbac.create_namespaced_role_binding(HOME.name, binding)
            else:
                rbac.create_cluster_role(role)
                rbac.create_cluster_role_binding(binding)
        made = core.create_namespaced_service_account_token(hours.APP, HOME.name, {"spec": {}})
        try:
            yield str(made.status.token)
        finally:
            for role, binding in granted:
                if binding["kind"] == "ClusterRoleBinding":
                    rbac.delete_cluster_role(role["metadata"]["name"])
                    rbac.delete_cluster_role_binding(binding["metadata"]["name"])
            core.delete_namespace(HOME.name)


@contextmanager
def running(platform: Platform, folder: Path, token: str, budget: int) -> Iterator[None]:
    """The service as its own process, as its image starts it."""
    with api(platform, "west") as connection:
        server = urlsplit(connection.configuration.host)
    arguments = hours.GpuHoursArgs(
        pools=pools(),
        queues=[queue(budget)],
        idle=None,
        owner=Owner(team="platform", cost_center="core", environment="dev"),
    )
    ((_, text),) = hours.settings(arguments).items()
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(text)
    (folder / "token").write_text(token)
    (folder / "ca.crt").write_text(platform.folder.ca.read_text())
    variables: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "services"),
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "ACCOUNT": str(folder),
        "SETTINGS": str(folder / "settings.json"),
        "NAMESPACE": HOME.name,
        "KUBERNETES_SERVICE_HOST": str(server.hostname),
        "KUBERNETES_SERVICE_PORT": str(server.port),
    }
    process = subprocess.Popen([sys.executable, "-m", "gpu_hours"], env=variables)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def policy(kinds: client.CustomObjectsApi) -> str:
    found = kinds.get_cluster_custom_object(GROUP, VERSION, "clusterqueues", TEAM)
    return str(found["spec"].get("stopPolicy"))


def test_a_team_that_has_spent_its_budget_is_held_and_opened_again_with_a_larger_one(
    platform: Platform, kinds: client.CustomObjectsApi, account: str, tmp_path: Path
) -> None:
    assert policy(kinds) == "None"

    def is_policy(wanted: str) -> None:
        assert policy(kinds) == wanted

    with running(platform, tmp_path, account, budget=USED * 4 - 1):
        PATIENCE.copy()(is_policy, "Hold")
    with api(platform, "west") as connection:
        core = client.CoreV1Api(connection)
        told = [one for one in core.list_namespaced_event("default").items if one.reason == "GpuBudgetSpent"]
        kept = core.read_namespaced_config_map("gpu-hours-account", HOME.name)
    assert [one.involved_object.name for one in told] == [TEAM]
    assert "24.0 of 23 GPU-hours" in told[0].message
    assert '"ada"' in kept.data["account.json"]
    with running(platform, tmp_path, account, budget=USED * 4 + 100):
        PATIENCE.copy()(is_policy, "None")
