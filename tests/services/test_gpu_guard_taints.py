from __future__ import annotations

from typing import Any

import pytest
from gpu_guard.taints import wanted

KEY = "mlops.platform/gpu-not-ready"
OTHER = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
CLOSED = {"key": KEY, "value": "true", "effect": "NoSchedule"}


def node(
    state: str | None, *taints: dict[str, Any], config: str | None = "mlops-1g.10gb-7"
) -> dict[str, Any]:
    labels = {"nvidia.com/mig.config": config, "nvidia.com/mig.config.state": state}
    return {
        "metadata": {"name": "a", "labels": {key: value for key, value in labels.items() if value}},
        "spec": {"taints": list(taints)},
    }


@pytest.mark.parametrize("state", [None, "pending", "rebooting", "failed", "Success"])
def test_a_node_whose_gpus_are_not_cut_is_closed_and_keeps_its_other_taints(state: str | None) -> None:
    assert wanted(node(state, OTHER), KEY) == [OTHER, CLOSED]
    assert wanted(node(state, OTHER, CLOSED), KEY) is None


def test_a_node_is_opened_once_its_gpus_are_cut() -> None:
    assert wanted(node("success", CLOSED, OTHER), KEY) == [OTHER]
    assert wanted(node("success", OTHER), KEY) is None


def test_a_node_whose_gpus_cannot_be_cut_is_left_open() -> None:
    assert wanted(node(None, OTHER, config=None), KEY) is None


def test_a_node_without_labels_or_taints_is_understood() -> None:
    assert wanted({"metadata": {"name": "a"}, "spec": {}}, KEY) is None
    assert wanted({"metadata": {"name": "a", "labels": None}}, KEY) is None
