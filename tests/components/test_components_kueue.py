from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.gpu.kueue import Kueue, KueueArgs, webhook_ingress
from components.labels import Owner
from components.manifest import NamespaceRef
from config.gpu_settings import GpuSettings
from config.schema import ChartSettings
from tests.recorder import Declaration, run


def declared(source: str) -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        charts: dict[str, Any] = {"source": source}
        Kueue(
            "east-kueue",
            KueueArgs(
                namespaces=["mlops-dev"],
                resources=["nvidia.com/gpu"],
                settings=GpuSettings(),
                charts=ChartSettings.model_validate(charts),
                owner=Owner(team="platform", cost_center="core", environment="dev"),
            ),
            pulumi.ResourceOptions(providers=[provider]),
        )

    return {one.name: one for one in run(program).declarations}


@pytest.mark.parametrize(("source", "expected"), [("upstream", 1), ("none", 0)])
def test_the_manager_is_there_where_charts_are_installed(source: str, expected: int) -> None:
    assert len([one for one in declared(source).values() if one.is_chart]) == expected


def test_the_manager_starts_in_a_namespace_that_is_closed() -> None:
    made = declared("upstream")
    assert "east-kueue-isolation-deny" in made["east-kueue-manager"].dependencies


def test_the_manager_starts_once_it_reaches_the_api_server_and_is_reached_by_it() -> None:
    made = declared("upstream")
    assert {"east-kueue-api-server", "east-kueue-webhook"} <= made["east-kueue-manager"].dependencies


def test_the_api_server_alone_reaches_the_webhook() -> None:
    (rule,) = webhook_ingress(NamespaceRef(name="a", ready="a"), {})["spec"]["ingress"]
    assert rule["fromEntities"] == ["kube-apiserver"]
    assert {port["port"] for one in rule["toPorts"] for port in one["ports"]} == {"9443", "8082"}
