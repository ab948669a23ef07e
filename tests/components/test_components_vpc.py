from __future__ import annotations

from components.cluster.vpc import Vpc, VpcArgs, private_tags, vpc_tags
from config.address_plan import address_plan
from tests.aws_cluster import PLACE, declared, of_type
from tests.recorder import Declaration

PLAN = address_plan("10.96.0.0/16", ["eu-central-1a", "eu-central-1b", "eu-central-1c"])


def network() -> dict[str, Declaration]:
    return declared(
        lambda opts: Vpc("east-network", VpcArgs(place=PLACE, cidr="10.96.0.0/16", plan=PLAN), opts)
    )


def test_every_zone_has_one_private_subnet_with_routes_of_its_own() -> None:
    made = network()
    subnets = of_type(made, "Subnet")
    assert {one.inputs["availabilityZone"]: one.inputs["cidrBlock"] for one in subnets} == PLAN.private
    joined = {one.inputs["routeTableId"] for one in of_type(made, "RouteTableAssociation")}
    assert len(joined) == 3


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


def test_two_clusters_vpcs_are_told_apart_by_their_tags() -> None:
    assert "kubernetes.io/cluster/east" in vpc_tags(PLACE)
