from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap

from components.network.cilium import Cilium, CiliumArgs
from components.network.cilium_values import API_SERVER, CiliumSettings
from components.network.cluster_mesh import Member
from config.schema import ChartSettings
from tests.components.test_components_cilium_values import MESH, SETTINGS
from tests.recorder import Declaration, run


def declared(
    source: str = "upstream",
    host: str | None = "api.example.com",
    *,
    known: bool = True,
    wait: bool = False,
    settings: CiliumSettings = SETTINGS,
) -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        later: Any = pulumi.Output.from_input(host if known else pulumi.UNKNOWN)
        Cilium(
            "east-cilium",
            CiliumArgs(
                settings=settings,
                api_host=None if host is None else later,
                charts=ChartSettings.model_validate({"source": source}),
                wait=wait,
                after=[ConfigMap("rights", opts=pulumi.ResourceOptions(provider=provider))],
                labels={"team": "platform"},
            ),
            pulumi.ResourceOptions(provider=provider),
        )

    found = run(program)
    assert found.misnamed() == []
    return {one.name: one for one in found.declarations}


def test_the_agents_find_the_api_server_in_a_config_map() -> None:
    made = declared()
    config = made["east-cilium-api-server"].inputs
    assert (config["metadata"]["name"], config["data"]) == (API_SERVER, {"host": "api.example.com"})
    assert config["metadata"]["namespace"] == made["east-cilium-agent"].inputs["namespace"] == "kube-system"


def test_a_host_that_is_not_known_yet_hides_none_of_the_charts_objects() -> None:
    """Chart v4 shows nothing in a preview while any of its values is unknown."""
    chart = declared(known=False)["east-cilium-agent"]
    assert chart.dependencies <= {"east", "rights"}
    assert "host" in chart.inputs["values"]["k8sServiceHostRef"].values()


def test_its_pods_are_made_after_what_they_have_to_find() -> None:
    """Credentials come into a pod when it is made, and never later."""
    assert declared()["east-cilium-agent"].explicit_dependencies == {"rights"}


def test_where_nodes_get_ready_by_it_nothing_of_it_waits_for_a_node() -> None:
    """A stack that waited for its pods would wait for ever."""
    assert declared()["east-cilium-agent"].inputs["skipAwait"] is True


def test_where_nodes_are_ready_it_counts_once_its_kinds_are_there() -> None:
    """Its operator makes them."""
    assert declared(wait=True)["east-cilium-agent"].inputs.get("skipAwait", False) is False


def test_where_kubeadm_publishes_the_api_server_nothing_else_does() -> None:
    assert "east-cilium-api-server" not in declared(host=None)


@pytest.mark.parametrize(("source", "charts"), [("upstream", 1), ("none", 0)])
def test_it_is_installed_where_charts_are(source: str, charts: int) -> None:
    assert len([one for one in declared(source).values() if one.is_chart]) == charts


@pytest.mark.parametrize("member", [None, MESH])
def test_the_server_of_a_cluster_mesh_comes_with_its_policy(member: Member | None) -> None:
    """After Cilium, which brings the kind."""
    made = declared(settings=replace(SETTINGS, mesh=member))
    policy = made.get("east-cilium-cluster-mesh")
    if member is None:
        assert policy is None
        return
    assert policy is not None
    assert policy.inputs["spec"]["ingress"][-1]["fromCIDR"] == list(MESH.sources)
    assert "east-cilium-agent" in policy.dependencies
