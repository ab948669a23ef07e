"""500 pods on 50 simulated GPU nodes, placed by the real scheduler: no slice is given twice."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kubernetes import client

from config import gpu
from config.gpu_pool import GpuPool
from tests.platform.command import Platform
from tests.platform.gpu_pods import PATIENCE, held, namespace, nodes, pod, unplaced
from tests.platform.store import api

pytestmark = pytest.mark.lab

POOL = GpuPool.model_validate(
    {
        "name": "many",
        "model": "A100-80GB",
        "purpose": "dev",
        "nodes": 50,
        "gpusPerNode": 3,
        "sharing": {"strategy": "mig", "profiles": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}},
    }
)
WANTED = {"nvidia.com/mig-1g.10gb": 300, "nvidia.com/mig-2g.20gb": 100, "nvidia.com/mig-3g.40gb": 100}
"""Every `1g` that there is, and two thirds of the others."""


def test_500_pods_are_placed_on_50_nodes_and_no_slice_is_given_twice(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    here: dict[str, Any] = {"nodeSelector": {gpu.POOL_LABEL: POOL.name}}
    asked = [
        pod(f"it-{index:03d}", resource, "dev", **here)
        for index, resource in enumerate(Counter(WANTED).elements())
    ]
    with api(platform, "east") as connection:
        core = client.CoreV1Api(connection)
        with nodes(core, POOL), namespace(core, "gpu-many", "dev") as space:
            started = time.monotonic()
            with ThreadPoolExecutor(8) as several:
                list(several.map(lambda one: core.create_namespaced_pod(space, one), asked))
            created = time.monotonic()

            def all_placed() -> list[Any]:
                found: list[Any] = core.list_namespaced_pod(space).items
                waiting = sum(not one.spec.node_name for one in found)
                assert waiting == 0, f"{waiting} pods are on no node"
                return found

            final = PATIENCE.copy()(all_placed)
            took = time.monotonic() - started
            core.create_namespaced_pod(space, pod("one-more", "nvidia.com/mig-1g.10gb", "dev", **here))
            assert "Insufficient nvidia.com/mig-1g.10gb" in unplaced(core, space, "one-more")
    with capsys.disabled():
        print(
            f"\n{len(asked)} pods on {POOL.nodes} nodes: made in {created - started:.1f} s, placed in {took:.1f} s, "
            f"{len(asked) / took:.0f} pods a second"
        )
    assert len(final) == len(asked) == 500
    offered = {resource: int(count) for resource, count in gpu.allocatable(POOL).items()}
    given = held(final)
    assert set(given) <= {f"{POOL.name}-{number:02d}" for number in range(POOL.nodes)}
    for node, resources in given.items():
        assert all(count <= offered[resource] for resource, count in resources.items()), node
    assert sum(given.values(), Counter()) == Counter(WANTED)
