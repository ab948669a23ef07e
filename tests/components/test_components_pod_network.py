from __future__ import annotations

import pytest

from components.cluster.place import Place
from components.cluster.pod_network import operator_identity, operator_rights, pod_addresses
from components.cluster.vpc import pod_tags
from components.network import cilium
from tests.aws_cluster import PLACE
from tests.aws_policies import allowed, statements, too_wide
from tests.upstream_charts import defaults, needs_charts

RIGHTS = operator_rights(PLACE)
OURS = {"StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/east": "owned"}}


@needs_charts
def test_the_operator_gets_its_rights_by_the_account_that_the_chart_gives_it() -> None:
    identity = operator_identity(PLACE, "east")
    assert identity.rights == RIGHTS
    assert identity.namespace == cilium.NAMESPACE.name
    given = {**defaults("cilium")["serviceAccounts"]["operator"]}
    assert (given["create"], given["name"]) == (True, identity.service_account)


def test_it_may_do_what_cilium_asks_for_and_nothing_else() -> None:
    """Without what only other settings need: policies by prefix lists, addresses that are given back."""
    assert {action for one in statements(RIGHTS) for action in one["Action"]} == {
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ec2:CreateNetworkInterface",
        "ec2:AttachNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateTags",
    }


def test_its_rights_are_narrow() -> None:
    assert too_wide(RIGHTS) == []


@pytest.mark.parametrize(
    "action",
    [
        "ec2:AttachNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:DeleteNetworkInterface",
        "ec2:ModifyNetworkInterfaceAttribute",
    ],
)
def test_no_interface_and_no_instance_of_anybody_else_is_touched(action: str) -> None:
    assert [one["Condition"] for one in allowed(RIGHTS, action)] == [OURS]


def test_interfaces_carry_the_tag_that_the_rights_ask_for() -> None:
    tags = pod_addresses(PLACE, {"team": "platform"}).tags
    assert tags == {"team": "platform", "kubernetes.io/cluster/east": "owned"}
    conditions = [one["Condition"]["StringEquals"] for one in allowed(RIGHTS, "ec2:CreateNetworkInterface")]
    assert {"aws:RequestTag/kubernetes.io/cluster/east": "owned"} in conditions
    (new,) = allowed(RIGHTS, "ec2:CreateTags")
    assert new["Condition"]["StringEquals"]["ec2:CreateAction"] == "CreateNetworkInterface"


def test_interfaces_are_made_in_the_pods_subnets_where_cilium_looks_for_them() -> None:
    (subnets,) = [
        one for one in allowed(RIGHTS, "ec2:CreateNetworkInterface") if "subnet/" in one["Resource"][0]
    ]
    wanted = pod_addresses(PLACE, {}).subnet_tags
    assert subnets["Condition"]["StringEquals"] == {
        f"aws:ResourceTag/{key}": value for key, value in wanted.items()
    }
    assert wanted.items() <= pod_tags(PLACE, "eu-central-1a").items()


def test_another_cluster_of_the_account_has_other_interfaces() -> None:
    west = operator_rights(Place(cluster="west", region=PLACE.region, account=PLACE.account))
    assert "cluster/east" not in west
    assert '"east"' not in west
