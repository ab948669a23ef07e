from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from config.clusters import LabCluster
from config.gpu_fit import Answer, GpuNode, Wanted, fit, nodes_of
from config.gpu_pool import GpuPool


def pool(
    name: str, nodes: int = 2, purpose: str = "dev", model: str = "A100-80GB", **sharing: Any
) -> GpuPool:
    data = {"name": name, "model": model, "purpose": purpose, "nodes": nodes, "gpusPerNode": 2}
    return GpuPool.model_validate(data | ({"sharing": sharing} if sharing else {}))


CUT = pool("cut", strategy="mig", profiles={"1g.10gb": 4, "3g.40gb": 1})
TRAINING = pool("training", purpose="training", model="H100-80GB")
SHARED = pool("shared", strategy="time-slicing", replicas=4)
EMPTY = pool("empty", nodes=0, strategy="mig", profiles={"7g.80gb": 1})


def cluster(*pools: GpuPool) -> LabCluster:
    return LabCluster.model_validate(
        {
            "name": "east",
            "kind": "lab",
            "role": "primary",
            "region": "lab-east",
            "network": {"id": "n", "podCidr": "10.10.0.0/16", "serviceCidr": "10.11.0.0/16"},
            "gpuPools": [one.model_dump(mode="json") for one in pools],
        }
    )


EAST = cluster(CUT, TRAINING, SHARED, EMPTY)


def ask(kind: str, count: int = 1, nodes: Sequence[GpuNode] | None = None, **more: str) -> Answer:
    found = list(nodes_of([EAST])) if nodes is None else nodes
    return fit([EAST], found, Wanted(kind=kind, count=count, **more))


def test_a_pod_lands_on_a_node_that_offers_its_slice() -> None:
    answer = ask("1g.10gb", 8)
    assert answer.node is not None
    assert (answer.node.name, answer.able, answer.reason) == ("east-cut-1", 2, "")


def test_what_is_whole_stays_whole() -> None:
    free = {"nvidia.com/mig-1g.10gb": 8}
    nodes = [
        GpuNode(name="fresh", cluster="east", pool=CUT, free=free),
        GpuNode(name="used", cluster="east", pool=CUT, free={"nvidia.com/mig-1g.10gb": 3}),
        GpuNode(name="full", cluster="east", pool=CUT, free={"nvidia.com/mig-1g.10gb": 1}),
    ]
    used, fresh = ask("1g.10gb", 2, nodes).node, ask("1g.10gb", 4, nodes).node
    assert used is not None
    assert fresh is not None
    assert (used.name, fresh.name) == ("used", "fresh")


@pytest.mark.parametrize(
    ("kind", "count", "more", "reason"),
    [
        ("1g.5gb", 1, {}, "no pool offers '1g.5gb': did you mean '1g.10gb'?"),
        ("1g.10gb", 9, {}, "a node has at most 8 of '1g.10gb', and a pod is on one node"),
        ("shared", 2, {}, "a container gets one share"),
        ("whole", 1, {"purpose": "dev"}, "others do: training (H100-80GB, training)"),
        ("whole", 1, {"model": "A100-80GB"}, "no pool of that purpose and model offers 'whole'"),
        ("7g.80gb", 1, {}, "no node is there yet: the pools grow from nothing (empty to 0 nodes)"),
    ],
)
def test_what_cannot_be_placed_says_why(kind: str, count: int, more: dict[str, str], reason: str) -> None:
    answer = ask(kind, count, None, **more)
    assert (answer.node, answer.able) == (None, 0)
    assert reason in answer.reason


def test_a_full_cluster_says_how_much_is_left() -> None:
    left = [GpuNode(name="a", cluster="east", pool=CUT, free={"nvidia.com/mig-1g.10gb": 2})]
    assert ask("1g.10gb", 3, left).reason == (
        "1 nodes offer it, and none has 3 free: the most that one has left is 2"
    )


def test_a_node_that_is_closed_takes_nothing_and_says_why() -> None:
    free = {"nvidia.com/mig-1g.10gb": 8}
    node = GpuNode(name="a", cluster="east", pool=CUT, free=free, closed="MIG state pending")
    assert ask("1g.10gb", 1, [node]).reason == "all 1 nodes that offer it take no pods: MIG state pending"


def test_without_a_pool_nothing_is_offered() -> None:
    bare = cluster()
    assert fit([bare], [], Wanted(kind="whole")).reason == "no pool offers 'whole': there is no GPU pool"
