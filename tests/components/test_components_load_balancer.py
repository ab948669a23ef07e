from __future__ import annotations

import pytest

from components.cluster.load_balancer import LoadBalancers, LoadBalancersArgs, chart_values, controller_rights
from components.cluster.vpc import vpc_tags
from config.schema import ChartSettings
from tests.aws_cluster import PLACE, declared, known, of_type
from tests.aws_policies import allowed, too_wide
from tests.recorder import Declaration

RIGHTS, VALUES = controller_rights(PLACE), chart_values(PLACE, {"team": "platform"}, {"team": "platform"})


def balancers(charts: ChartSettings) -> dict[str, Declaration]:
    return declared(
        lambda opts: LoadBalancers(
            "east-balancers",
            LoadBalancersArgs(place=PLACE, cluster=known("east"), charts=charts, tags={}, labels={}),
            opts,
        )
    )


def test_its_rights_are_narrow() -> None:
    assert too_wide(RIGHTS) == []


@pytest.mark.parametrize(
    "action", ["DeleteLoadBalancer", "ModifyListener", "DeleteTargetGroup", "RegisterTargets"]
)
def test_no_load_balancer_of_anybody_else_is_touched(action: str) -> None:
    for one in allowed(RIGHTS, f"elasticloadbalancing:{action}"):
        assert one["Condition"] == {"StringEquals": {"aws:ResourceTag/elbv2.k8s.aws/cluster": "east"}}


def test_only_security_groups_of_the_cluster_are_opened() -> None:
    conditions = [
        one["Condition"]["StringEquals"] for one in allowed(RIGHTS, "ec2:AuthorizeSecurityGroupIngress")
    ]
    assert conditions == [
        {"aws:ResourceTag/elbv2.k8s.aws/cluster": "east"},
        {"aws:ResourceTag/kubernetes.io/cluster/east": "owned"},
    ]


def test_a_service_gets_an_internal_load_balancer_unless_it_says_otherwise() -> None:
    assert VALUES["defaultLoadBalancerScheme"] == "internal"


def test_it_finds_its_vpc_without_asking_the_nodes_metadata() -> None:
    assert VALUES["vpcTags"] == vpc_tags(PLACE)
    assert VALUES["region"] == PLACE.region


def test_what_it_has_no_rights_for_is_off() -> None:
    for feature, service in [
        ("enableWafv2", "wafv2"),
        ("enableShield", "shield"),
        ("enableWaf", "waf-regional"),
    ]:
        assert VALUES[feature] is False
        assert f"{service}:" not in RIGHTS


def test_no_certificate_is_made_by_the_chart() -> None:
    assert VALUES["enableCertManager"] is True


def test_pods_come_after_their_credentials() -> None:
    made = balancers(ChartSettings(source="upstream"))
    assert "east-balancers-identity-association" in made["east-balancers-controller"].dependencies


def test_without_charts_the_identity_is_ready_for_whoever_installs_the_controller() -> None:
    made = balancers(ChartSettings(source="none"))
    assert "east-balancers-controller" not in made
    assert of_type(made, "PodIdentityAssociation")


def test_its_pods_are_restricted_say_who_pays_and_are_asked_by_the_api_server_alone() -> None:
    assert VALUES["podLabels"] == {"team": "platform"}
    assert VALUES["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert VALUES["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    spec = balancers(ChartSettings(source="upstream"))["east-balancers-reached"].inputs["spec"]
    (rule,) = spec["ingress"]
    assert (rule["fromEntities"], rule["toPorts"][0]["ports"][0]["port"]) == (["kube-apiserver"], "9443")
