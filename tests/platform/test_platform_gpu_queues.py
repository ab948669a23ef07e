"""Queues at a real API server: Kueue's own definitions take our objects, to the letter."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from components.gpu import queue_objects
from components.manifest import NamespaceRef
from config.gpu_queues import GpuQueue
from config.load import read
from tests.platform.command import ROOT, Platform
from tests.platform.kueue import create, kueues_kinds, needs_definitions

HOME = NamespaceRef(name="mlops-dev", ready="mlops-dev")
QUEUE = GpuQueue.model_validate(
    {
        "team": "ml-engineering",
        "quotas": {
            "dev-a100": {"nvidia.com/mig-1g.10gb": {"nominal": 16, "borrowing": 4, "lending": 8}},
            "training-h100": {"nvidia.com/gpu": {"nominal": 16}},
        },
    }
)

pytestmark = [pytest.mark.lab, needs_definitions]


def objects() -> list[dict[str, Any]]:
    pools = read(ROOT, "dev").clusters[0].gpu_pools
    return [
        queue_objects.topology({}),
        *(queue_objects.flavor(pool, {}) for pool in pools),
        *(queue_objects.priority_class(name, {}) for name in queue_objects.PRIORITIES),
        queue_objects.cluster_queue(QUEUE, pools, [HOME.name], {}),
        queue_objects.local_queue(QUEUE.team, HOME, {}),
    ]


@pytest.fixture(scope="module")
def served(platform: Platform) -> Iterator[client.CustomObjectsApi]:
    with kueues_kinds(platform, "east") as kinds:
        yield kinds


def test_the_api_server_takes_every_object_of_a_queue(served: client.CustomObjectsApi) -> None:
    for manifest in objects():
        made = create(served, manifest)
        assert made["metadata"]["name"] == manifest["metadata"]["name"]


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("ClusterQueue", ("spec", "cohort"), "mlops"),
        ("ClusterQueue", ("spec", "resourceGroups", 0, "flavors", 0, "resources", 0, "nominalQuota"), None),
        ("ClusterQueue", ("spec", "preemption", "reclaimWithinCohort"), "Always"),
        ("ResourceFlavor", ("spec", "nodeTaints", 0, "effect"), "NoStart"),
        ("LocalQueue", ("spec", "queue"), "a"),
    ],
)
def test_the_api_server_refuses_an_object_with_a_mistake(
    served: client.CustomObjectsApi, kind: str, path: tuple[str | int, ...], value: object
) -> None:
    broken = copy.deepcopy(next(one for one in objects() if one["kind"] == kind))
    broken["metadata"]["name"] = "broken"
    place: Any = broken
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(ApiException) as refused:
        create(served, broken)
    assert refused.value.status in {400, 422}
