from __future__ import annotations

import pulumi
import pytest
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap

from components.trust.cert_manager import CertManager, CertManagerArgs
from config.schema import ChartSettings
from tests.recorder import Declaration, run


def declared(source: str = "upstream") -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        nodes = ConfigMap("nodes", opts=opts)
        made = CertManager(
            "east-cert-manager",
            CertManagerArgs(
                charts=ChartSettings.model_validate({"source": source}),
                after=[nodes],
                labels={},
            ),
            opts,
        )
        ConfigMap("user", metadata={"namespace": made.namespace}, opts=opts)

    return {one.name: one for one in run(program, preview=False).declarations}


def test_the_chart_waits_for_its_pods_and_they_for_nodes() -> None:
    chart = declared()["east-cert-manager-controller"]
    assert chart.inputs.get("skipAwait", False) is False
    assert chart.explicit_dependencies == {"nodes"}
    assert (chart.inputs["chart"], chart.inputs["namespace"]) == ("cert-manager", "kube-system")


@pytest.mark.parametrize("source", ["upstream", "none"])
def test_who_uses_its_output_goes_where_it_is(source: str) -> None:
    assert declared(source)["user"].inputs["metadata"]["namespace"] == "kube-system"


def test_who_uses_its_output_comes_after_it() -> None:
    assert "east-cert-manager-controller" in declared()["user"].dependencies


def test_without_charts_it_is_there_already() -> None:
    assert "east-cert-manager-controller" not in declared("none")
