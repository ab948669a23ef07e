from __future__ import annotations

from typing import Literal

import pytest

from components.cluster.karpenter import Karpenter, KarpenterArgs, chart_values
from config.schema import ChartSettings
from tests.aws_cluster import PLACE, declared, known, of_type
from tests.recorder import Declaration


def karpenter(source: Literal["upstream", "none"] = "upstream") -> dict[str, Declaration]:
    charts = ChartSettings(source=source)
    return declared(
        lambda opts: Karpenter(
            "east-karpenter",
            KarpenterArgs(place=PLACE, cluster=known("east"), egress="none", charts=charts, labels={}),
            opts,
        )
    )


def test_its_nodes_join_by_a_role_of_their_own_that_opens_nothing_else() -> None:
    made = karpenter()
    (entry,), (profile,) = of_type(made, "AccessEntry"), of_type(made, "InstanceProfile")
    assert entry.inputs["type"] == "EC2_LINUX"
    assert entry.inputs["principalArn"].endswith(f"/{profile.inputs['role']}")


def test_the_chart_reads_the_queue_that_is_made() -> None:
    made = karpenter()
    (queue,) = of_type(made, "Queue")
    assert chart_values(PLACE, "none", {})["settings"]["interruptionQueue"] == queue.inputs["name"]


def test_the_service_account_of_the_chart_is_the_one_with_the_rights() -> None:
    made = karpenter()
    (association,) = of_type(made, "PodIdentityAssociation")
    chart = made["east-karpenter-controller"]
    assert association.inputs["serviceAccount"] == chart.inputs["values"]["serviceAccount"]["name"]
    assert association.inputs["namespace"] == chart.inputs["namespace"]


def test_pods_come_after_their_credentials_and_nodes_can_join_by_then() -> None:
    assert {"east-karpenter-identity-association", "east-karpenter-entry"} <= karpenter()[
        "east-karpenter-controller"
    ].dependencies


@pytest.mark.parametrize(("egress", "isolated"), [("none", True), ("nat", False)])
def test_it_asks_for_no_prices_where_nothing_leads_out(
    egress: Literal["none", "nat"], isolated: bool
) -> None:
    assert chart_values(PLACE, egress, {})["settings"]["isolatedVPC"] is isolated


def test_values_are_known_before_the_cluster_is_there() -> None:
    settings = chart_values(PLACE, "none", {})["settings"]
    assert "clusterEndpoint" not in settings
    assert settings["featureGates"]["nodeOverlay"] is True


def test_without_charts_all_but_the_controller_is_there() -> None:
    made = karpenter("none")
    assert "east-karpenter-controller" not in made
    assert of_type(made, "PodIdentityAssociation")


def test_nobody_reaches_the_controller_and_its_pods_say_who_pays() -> None:
    made = karpenter()
    spec = made["east-karpenter-reached"].inputs["spec"]
    assert (spec["endpointSelector"]["matchLabels"], spec["ingress"]) == (
        {"app.kubernetes.io/name": "karpenter"},
        [{}],
    )
    assert chart_values(PLACE, "none", {"team": "platform"})["podLabels"] == {"team": "platform"}
