from __future__ import annotations

import pytest

from components.gpu.gpu_operator_values import chart_values
from config.gpu import node_taints
from config.gpu_pool import GpuPool
from config.gpu_settings import GpuSettings
from tests.upstream_charts import mistakes, needs_charts

EVERY = [
    GpuSettings.model_validate({"driver": driver, "allocation": allocation})
    for driver in ("image", "operator")
    for allocation in ("device-plugin", "dra")
]
TRAINING = GpuPool.model_validate(
    {"name": "h", "model": "H100-80GB", "purpose": "training", "nodes": 0, "gpusPerNode": 8}
)


@needs_charts
@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_every_value_is_one_that_the_chart_has(settings: GpuSettings) -> None:
    assert mistakes("gpu-operator", chart_values(settings, {"team": "platform"})) == []


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_exactly_one_of_device_plugin_and_dra_runs(settings: GpuSettings) -> None:
    values = chart_values(settings, {})
    assert values["clusterPolicy"]["deployCR"] is not values["gpuCluster"]["deployCR"]
    assert values["devicePlugin"]["enabled"] is values["clusterPolicy"]["deployCR"]
    assert values["gpuCluster"]["deployCR"] is (settings.allocation == "dra")


@pytest.mark.parametrize("settings", EVERY, ids=str)
def test_the_driver_comes_from_one_side_and_the_toolkit_with_it(settings: GpuSettings) -> None:
    values = chart_values(settings, {})
    assert values["driver"]["enabled"] is values["toolkit"]["enabled"] is (settings.driver == "operator")


def test_dra_with_the_operators_driver_has_the_kind_that_the_chart_asks_for() -> None:
    """Templates of the chart fail without it (templates/validations.yaml)."""
    for settings in EVERY:
        values = chart_values(settings, {})
        needed = values["gpuCluster"]["deployCR"] and values["driver"]["enabled"]
        assert values["driver"]["nvidiaDriverCRD"]["enabled"] is needed


def test_no_strategy_goes_before_the_one_of_a_nodes_own_configuration() -> None:
    assert chart_values(GpuSettings(), {})["mig"]["strategy"] == ""


@pytest.mark.parametrize("part", ["daemonsets", "node-feature-discovery"])
def test_what_prepares_a_node_runs_there_in_spite_of_all_taints(part: str) -> None:
    values = chart_values(GpuSettings(), {})[part]
    tolerated = {one["key"] for one in (values.get("worker") or values)["tolerations"]}
    assert {taint["key"] for taint in node_taints(TRAINING)} | {"mlops.platform/gpu-not-ready"} <= tolerated


def test_metrics_are_for_any_collector_and_tell_team_and_queue() -> None:
    metrics = chart_values(GpuSettings(), {})["dcgmExporter"]
    assert metrics["enabled"] is True
    assert metrics["serviceMonitor"]["enabled"] is False
    assert "^team$" in metrics["podLabelAllowlistRegex"]


def test_feature_discovery_is_restricted_says_who_pays_and_has_two_of_what_is_not_on_every_node() -> None:
    parts = chart_values(GpuSettings(), {"team": "platform"})["node-feature-discovery"]
    assert {name: one.get("replicaCount") for name, one in parts.items()} == {
        "master": 2,
        "gc": 2,
        "worker": None,
    }
    for one in parts.values():
        assert one["labels"] == {"team": "platform"}
        assert one["podSecurityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}}
