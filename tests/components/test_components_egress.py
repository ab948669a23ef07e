from __future__ import annotations

import pulumi

from components.cluster.egress import Egress, EgressArgs
from tests.aws_cluster import PLACE, VPC, declared, of_type
from tests.recorder import Declaration

PUBLIC = {
    "eu-central-1a": "10.96.192.0/24",
    "eu-central-1b": "10.96.193.0/24",
    "eu-central-1c": "10.96.194.0/24",
}


def gateways() -> dict[str, Declaration]:
    tables = {zone: f"rtb-{zone}" for zone in PUBLIC}
    return declared(
        lambda opts: Egress(
            "east-egress",
            EgressArgs(
                place=PLACE, vpc_id=VPC, public=PUBLIC, route_table_ids=pulumi.Output.from_input(tables)
            ),
            opts,
        )
    )


def test_every_zone_leaves_by_a_gateway_of_its_own() -> None:
    made = gateways()
    routes = [one.inputs for one in of_type(made, "Route")]
    ways = {one["routeTableId"]: one["natGatewayId"] for one in routes if "natGatewayId" in one}
    assert set(ways) == {f"rtb-{zone}" for zone in PUBLIC}
    assert len(set(ways.values())) == 3


def test_no_instance_gets_a_public_address_from_these_subnets() -> None:
    assert not any(one.inputs["mapPublicIpOnLaunch"] for one in of_type(gateways(), "Subnet"))


def test_neither_nodes_nor_load_balancers_are_put_there() -> None:
    assert all(list(one.inputs["tags"]) == ["Name"] for one in of_type(gateways(), "Subnet"))


def test_a_gateway_comes_after_the_route_to_the_internet() -> None:
    for one in of_type(gateways(), "NatGateway"):
        assert any("routed" in name for name in one.dependencies)
        assert "east-egress-out" in one.dependencies
