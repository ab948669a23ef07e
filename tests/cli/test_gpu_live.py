from __future__ import annotations

from typing import Any

import pytest

from cli.gpu_live import closed, free_nodes, requests
from config.gpu import node_labels, node_taints
from tests.config.test_config_gpu_fit import CUT, EAST, SHARED

SLICE = "nvidia.com/mig-1g.10gb"


def container(count: int, **more: Any) -> dict[str, Any]:
    return {"name": "a", "resources": {"limits": {"cpu": "1", SLICE: str(count)}}, **more}


def pod(*counts: int, node: str = "n", phase: str = "Running", **spec: Any) -> dict[str, Any]:
    containers = [container(count) for count in counts]
    return {"spec": {"nodeName": node, "containers": containers, **spec}, "status": {"phase": phase}}


def node(**labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "n", "labels": {**node_labels(CUT), **labels}},
        "spec": {"taints": node_taints(CUT)},
        "status": {"allocatable": {"cpu": "24", SLICE: "8"}},
    }


def test_what_running_pods_hold_is_not_free() -> None:
    pods = [pod(2, 1), pod(4, phase="Succeeded"), pod(1, node="other"), pod(1, phase="Pending")]
    (found,) = free_nodes(EAST, [node()], pods)
    assert (found.name, found.free, found.closed) == ("n", {SLICE: 4}, "")


def test_a_node_of_a_pool_that_the_settings_do_not_have_is_left_out() -> None:
    strange = node(**{"mlops.platform/gpu-pool": "other"})
    assert list(free_nodes(EAST, [strange], [])) == []


def test_containers_that_run_before_the_others_hold_what_they_ask_for_in_turn() -> None:
    assert requests(pod(2, initContainers=[container(1), container(3)])) == {SLICE: 3}
    assert requests(pod(2, initContainers=[container(1, restartPolicy="Always")])) == {SLICE: 3}
    assert requests({"spec": {"containers": [{"name": "a"}]}}) == {}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ""),
        ({"unschedulable": True}, "cordoned"),
        ({"taints": [{"key": "a", "effect": "NoExecute"}]}, "taint a"),
        ({"taints": [{"key": "a", "effect": "PreferNoSchedule"}]}, ""),
    ],
)
def test_a_node_that_takes_no_pods_says_why(change: dict[str, Any], expected: str) -> None:
    given = node()
    given["spec"] = {**given["spec"], **change}
    assert closed(given, CUT) == expected


def test_a_node_that_is_not_cut_yet_takes_no_pods() -> None:
    assert closed(node(**{"nvidia.com/mig.config.state": "pending"}), CUT) == "MIG state pending"
    assert SHARED.gpu.mig is not None
