from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.nodes import LAB_NODE, differs, is_ready, manifest
from lab.topology import Node, Taint

NODE = Node(
    name="gpu-1",
    labels={"nvidia.com/gpu.product": "H100"},
    taints=(Taint(key="nvidia.com/gpu"),),
    capacity={"cpu": "96", "nvidia.com/gpu": "8"},
)


def live(node: Node) -> dict[str, Any]:
    return manifest(node)


def test_a_node_offers_what_it_has_and_is_left_to_kwok() -> None:
    document = manifest(NODE)
    assert document["status"]["allocatable"] == {"cpu": "96", "nvidia.com/gpu": "8"}
    assert document["metadata"]["annotations"]["kwok.x-k8s.io/node"] == "fake"
    assert document["metadata"]["labels"][LAB_NODE] == "true"
    assert document["spec"]["taints"] == [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]


@pytest.mark.parametrize(
    "other",
    [
        replace(NODE, labels={}),
        replace(NODE, taints=()),
        replace(NODE, capacity={**NODE.capacity, "cpu": "1"}),
        replace(NODE, annotations={"a": "b"}),
    ],
)
def test_each_change_of_a_node_is_seen(other: Node) -> None:
    assert not differs(live(NODE), manifest(NODE))
    assert differs(live(NODE), manifest(other))


def test_a_node_whose_capacity_was_never_written_is_applied_again() -> None:
    half = {**live(NODE), "status": {"capacity": {"cpu": "96"}}}
    assert differs(half, manifest(NODE))


def test_only_a_true_ready_condition_is_ready() -> None:
    assert is_ready({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    assert not is_ready({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})
    assert not is_ready({})
