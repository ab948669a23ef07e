"""What comes before everything else in a cluster, and in which order."""

from __future__ import annotations

import pytest

from config.schema import ExistingCluster, PlatformSettings
from stacks.clusters import clusters
from tests.recorder import Declaration, run
from tests.stacks.conftest import settings_of
from tests.stacks.test_stacks_clusters import EKS, OWNED

KINDS = {"west-kinds-istio", "west-kinds-external-secrets"}
"""Charts of definitions, without which the program's own objects could not be made."""


def declared(cluster: ExistingCluster | object, settings: PlatformSettings) -> dict[str, Declaration]:
    one = settings.model_copy(update={"clusters": (cluster,)})

    def program() -> None:
        clusters(one)

    return {found.name: found for found in run(program).declarations}


def with_network(**changed: object) -> PlatformSettings:
    settings = settings_of("prod")
    return settings.model_copy(update={"network": settings.network.model_copy(update=changed)})


@pytest.fixture(scope="module")
def eks() -> dict[str, Declaration]:
    return declared(EKS, settings_of("prod"))


def test_nodes_come_after_the_network_and_the_network_waits_for_no_node(eks: dict[str, Declaration]) -> None:
    """A node is ready once the network is: each would wait for the other."""
    chart, nodes = eks["prod-eu-cilium-agent"], eks["prod-eu-system-nodes"]
    assert chart.name in nodes.dependencies
    assert chart.inputs["skipAwait"] is True
    assert not [name for name in eks["prod-eu-bootstrap"].dependencies if "-system-" in name]


def test_the_network_comes_after_the_rights_of_its_operator_and_the_subnets_of_pods(
    eks: dict[str, Declaration],
) -> None:
    """Credentials come into the operator's pods when they are made, and never later."""
    before = eks["prod-eu-cilium-agent"].dependencies
    assert "prod-eu-pod-network-association" in before
    assert {f"prod-eu-network-{kind}pods-eu-central-1a" for kind in ("", "routed-")} <= before
    assert "prod-eu-network-pods" in eks["prod-eu-control-sources"].dependencies
    assert "prod-eu-control-sources" in eks["prod-eu-control-cluster"].dependencies


def test_who_hands_out_credentials_waits_for_no_node_and_no_network(eks: dict[str, Declaration]) -> None:
    """The network's operator waits for its credentials, and nodes wait for the network."""
    agent = eks["prod-eu-addons-pod-identity"]
    assert not {"prod-eu-system-nodes", "prod-eu-cilium-agent"} & agent.dependencies


def test_pods_have_addresses_of_the_vpc_on_eks_and_of_an_overlay_elsewhere(
    eks: dict[str, Declaration],
) -> None:
    """So the control plane reaches webhooks without a host's network."""
    elsewhere = declared(OWNED, with_network(existing="install"))
    modes = [
        made[chart].inputs["values"]["ipam"]["mode"]
        for made, chart in ((eks, "prod-eu-cilium-agent"), (elsewhere, "west-cilium-agent"))
    ]
    assert modes == ["eni", "cluster-pool"]
    assert not [one.name for one in eks.values() if "hostNetwork" in str(one.inputs)]


def test_certificates_come_after_nodes_since_somebody_has_to_answer(eks: dict[str, Declaration]) -> None:
    chart = eks["prod-eu-cert-manager-controller"]
    assert "prod-eu-system-nodes" in chart.dependencies


def test_everything_else_comes_after_both(eks: dict[str, Declaration]) -> None:
    """By its provider: nothing has to say that it needs a kind or a webhook."""
    before = eks["prod-eu"].dependencies
    assert {"prod-eu-cilium-agent", "prod-eu-cert-manager-controller", "prod-eu-system-nodes"} <= before
    assert eks["prod-eu-balancers-controller"].provider == "prod-eu"


def test_both_providers_are_the_same_cluster(eks: dict[str, Declaration]) -> None:
    first, second = eks["prod-eu-bootstrap"].inputs, eks["prod-eu"].inputs
    assert first == second


def test_a_cluster_of_somebody_else_keeps_what_it_has() -> None:
    made = declared(OWNED, settings_of("prod"))
    assert {one.name for one in made.values() if one.is_chart} == KINDS


def test_kinds_come_before_everything_else_and_wait_for_no_node(eks: dict[str, Declaration]) -> None:
    kinds = {"prod-eu-kinds-istio", "prod-eu-kinds-external-secrets", "prod-eu-kinds-gateway-api"}
    assert kinds <= eks["prod-eu"].dependencies
    assert not [kind for kind in kinds if "prod-eu-system-nodes" in eks[kind].dependencies]


def test_a_bare_cluster_of_somebody_else_gets_both() -> None:
    made = declared(OWNED, with_network(existing="install"))
    charts = {one.name: one for one in made.values() if one.is_chart}
    assert set(charts) == {"west-cilium-agent", "west-cert-manager-controller", *KINDS}
    assert "west-cilium-agent" in charts["west-cert-manager-controller"].dependencies
    assert charts["west-cilium-agent"].inputs.get("skipAwait", False) is False
    assert charts["west-cilium-agent"].inputs["values"]["k8sServiceHost"] == "auto"


def test_without_charts_nothing_comes_before() -> None:
    settings = settings_of("dev")
    made = declared(settings.clusters[0], settings)
    assert set(made) == {"east"}
