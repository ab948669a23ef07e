from __future__ import annotations

import pulumi
import pytest
from pulumi_aws import ec2

from components.cluster.vpc import Vpc, VpcArgs, pod_tags, private_tags, vpc_tags
from config.address_plan import address_plan
from tests.aws_cluster import PLACE, declared, of_type
from tests.recorder import Declaration

PODS = "10.64.0.0/16"
PLAN = address_plan("10.96.0.0/16", PODS, ["eu-central-1a", "eu-central-1b", "eu-central-1c"])


def network() -> dict[str, Declaration]:
    args = VpcArgs(place=PLACE, plan=PLAN)

    def make(opts: pulumi.ResourceOptions) -> None:
        ec2.RouteTable("user", vpc_id=Vpc("east-network", args, opts).vpc_id, opts=opts)

    return declared(make)


@pytest.mark.parametrize(("part", "ranges"), [("private", PLAN.private), ("pods", PLAN.pods)])
def test_every_zone_has_one_private_subnet_for_nodes_and_one_for_pods(
    part: str, ranges: dict[str, str]
) -> None:
    subnets = [one for one in of_type(network(), "Subnet") if one.name.startswith(f"east-network-{part}-")]
    assert {one.inputs["availabilityZone"]: one.inputs["cidrBlock"] for one in subnets} == ranges


def test_both_subnets_of_a_zone_have_its_routes_and_no_other_zones() -> None:
    made = network()
    tables = {
        one.name.removeprefix("east-network-routed-"): one.inputs["routeTableId"]
        for one in of_type(made, "RouteTableAssociation")
    }
    for zone in PLAN.private:
        assert tables[f"private-{zone}"] == tables[f"pods-{zone}"]
    assert len(set(tables.values())) == 3


def test_pods_subnets_and_the_cluster_come_after_the_range_of_pods() -> None:
    """EKS may take an hour to learn of a range that comes after it."""
    made = network()
    (added,) = of_type(made, "VpcIpv4CidrBlockAssociation")
    assert added.inputs["cidrBlock"] == PODS
    assert added.name in made["east-network-pods-eu-central-1a"].dependencies
    assert added.name in made["user"].dependencies


def test_nothing_gets_a_public_address_or_a_way_out() -> None:
    made = network()
    assert not any(one.inputs["mapPublicIpOnLaunch"] for one in of_type(made, "Subnet"))
    assert not of_type(made, "InternetGateway")
    assert not of_type(made, "Route")
    assert all("routes" not in one.inputs for one in of_type(made, "RouteTable"))


def test_the_default_security_group_lets_nothing_through() -> None:
    (default,) = of_type(network(), "DefaultSecurityGroup")
    assert (default.inputs["ingress"], default.inputs["egress"]) == ([], [])


def test_karpenter_and_the_load_balancer_controller_find_the_subnets_by_their_tags() -> None:
    tags = private_tags(PLACE, "eu-central-1a")
    assert tags["karpenter.sh/discovery"] == "east"
    assert tags["kubernetes.io/role/internal-elb"] == "1"


def test_neither_of_them_puts_anything_among_the_pods() -> None:
    assert pod_tags(PLACE, "eu-central-1a") == {"Name": "east-pods-eu-central-1a", "cilium.io/pods": "east"}


def test_two_clusters_vpcs_are_told_apart_by_their_tags() -> None:
    assert "kubernetes.io/cluster/east" in vpc_tags(PLACE)
