from __future__ import annotations

import pulumi
import pytest
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap

from components.custom_kinds import CustomKinds, CustomKindsArgs
from config.catalog import GATEWAY_API, ISTIO_VERSIONS
from config.schema import ChartSettings
from tests.recorder import Declaration, run

NEWEST = ISTIO_VERSIONS[-1]
MIRROR = {"source": "mirror", "mirror": "oci://mirror.example.com/charts"}


def declared(**source: str) -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        args = CustomKindsArgs(newest=NEWEST, stable=NEWEST, charts=ChartSettings.model_validate(source))
        made = CustomKinds("east-kinds", args, opts)
        ConfigMap("user", metadata={"annotations": {"after": made.ready}}, opts=opts)

    return {one.name: one for one in run(program, preview=False).declarations}


def test_the_mesh_external_secrets_and_the_gateway_api_have_their_definitions() -> None:
    made = declared(source="upstream")
    assert made["east-kinds-istio"].inputs["values"]["global"]["resourceScope"] == "cluster"
    assert made["east-kinds-external-secrets"].inputs["values"]["createOperator"] is False
    assert f"/v{GATEWAY_API}/" in made["east-kinds-gateway-api"].inputs["file"]


def test_who_uses_the_output_comes_after_all_of_them() -> None:
    kinds = {"east-kinds-istio", "east-kinds-external-secrets", "east-kinds-gateway-api"}
    assert kinds <= declared(source="upstream")["user"].dependencies


def test_a_mirror_gives_files_where_it_has_them() -> None:
    made = declared(**MIRROR, definitions="https://mirror.example.com/files/")
    file = made["east-kinds-gateway-api"].inputs["file"]
    assert file == f"https://mirror.example.com/files/gateway-api-{GATEWAY_API}.yaml"
    assert "east-kinds-gateway-api" not in declared(**MIRROR)


@pytest.mark.parametrize("source", [MIRROR, {"source": "upstream"}])
def test_charts_come_from_the_source_of_the_settings(source: dict[str, str]) -> None:
    found = declared(**source)["east-kinds-istio"].inputs["chart"]
    assert found == (f"{source['mirror']}/base" if "mirror" in source else "base")


def test_without_charts_they_are_there_already() -> None:
    assert set(declared(source="none")) == {"east", "east-kinds", "user"}
