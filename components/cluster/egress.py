"""The way out of a VPC, for a cluster whose settings ask for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.base import Component
from components.cluster.place import Place
from components.manifest import known_after

EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class EgressArgs:
    """`public` holds the gateways' ranges by zone, and `route_table_ids` the tables that are to lead to them."""

    place: Place
    vpc_id: pulumi.Input[str]
    public: Mapping[str, str]
    route_table_ids: pulumi.Output[Mapping[str, str]]


class Egress(Component, token="mlops:index:Egress"):
    """A NAT gateway in each zone, so that no zone depends on another one. Nothing comes in by it.

    Which hosts a pod may reach is decided inside the cluster; this only makes a way.
    """

    def __init__(self, name: str, args: EgressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        gateway = ec2.InternetGateway(
            self.child("gateway"), vpc_id=args.vpc_id, tags={"Name": place.named("egress")}, opts=self.opts()
        )
        routes = ec2.RouteTable(
            self.child("public"),
            vpc_id=args.vpc_id,
            tags={"Name": place.named("public")},
            opts=self.opts(),
        )
        out = ec2.Route(
            self.child("out"),
            route_table_id=routes.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
            opts=self.opts(),
        )
        for zone, cidr in args.public.items():
            subnet = ec2.Subnet(
                self.child(f"public-{zone}"),
                vpc_id=args.vpc_id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={"Name": place.named(f"public-{zone}")},
                opts=self.opts(),
            )
            joined = ec2.RouteTableAssociation(
                self.child(f"routed-{zone}"), subnet_id=subnet.id, route_table_id=routes.id, opts=self.opts()
            )
            address = ec2.Eip(
                self.child(f"address-{zone}"),
                domain="vpc",
                tags={"Name": place.named(f"egress-{zone}")},
                opts=self.opts(),
            )
            nat = ec2.NatGateway(
                self.child(f"nat-{zone}"),
                allocation_id=address.id,
                subnet_id=known_after(subnet.id, [joined.id, out.id]),
                tags={"Name": place.named(f"egress-{zone}")},
                opts=self.opts(),
            )
            ec2.Route(
                self.child(f"out-{zone}"),
                route_table_id=args.route_table_ids[zone],
                destination_cidr_block=EVERYWHERE,
                nat_gateway_id=nat.id,
                opts=self.opts(),
            )
        self.register_outputs({})
