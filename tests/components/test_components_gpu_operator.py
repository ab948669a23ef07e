from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.gpu.gpu_operator import GpuOperator, GpuOperatorArgs
from components.gpu.gpu_pool import GpuPools, GpuPoolsArgs
from config.gpu_settings import GpuSettings
from config.schema import ChartSettings
from tests.recorder import Declaration, run


def declared(source: str) -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(providers=[provider])
        pools = GpuPools("east-gpu", GpuPoolsArgs(pools=[], labels={}), opts)
        charts: Any = {"source": source}
        GpuOperator(
            "east-gpu-operator",
            GpuOperatorArgs(
                settings=GpuSettings(),
                charts=ChartSettings.model_validate(charts),
                configured=[pools.mig, pools.sharing],
                labels={},
            ),
            opts,
        )

    return {one.name: one for one in run(program).declarations}


def test_the_operator_comes_after_the_configurations_that_its_parts_read() -> None:
    chart = declared("upstream")["east-gpu-operator-chart"]
    assert {"east-gpu-mig", "east-gpu-sharing"} <= chart.dependencies


def test_the_operator_reads_the_configurations_by_the_names_that_they_have() -> None:
    found = declared("upstream")
    values = found["east-gpu-operator-chart"].inputs["values"]
    names = {values["migManager"]["config"]["name"], values["devicePlugin"]["config"]["name"]}
    maps = [found["east-gpu-mig"], found["east-gpu-sharing"]]
    assert {one.inputs["metadata"]["name"] for one in maps} == names
    assert {one.inputs["metadata"]["namespace"] for one in maps} == {
        found["east-gpu-operator-chart"].inputs["namespace"]
    }


@pytest.mark.parametrize("source", ["none"])
def test_without_charts_there_is_no_operator(source: str) -> None:
    assert not [one for one in declared(source).values() if one.is_chart]


def test_the_operator_and_feature_discovery_speak_with_the_api_server_and_nobody_else() -> None:
    spec = declared("none")["east-gpu-operator-traffic"].inputs["spec"]
    assert spec["endpointSelector"]["matchLabels"] == {"app.kubernetes.io/instance": "gpu-operator"}
    assert spec["ingress"] == [{}]
    assert [rule["toEntities"] for rule in spec["egress"]] == [["kube-apiserver"]]
