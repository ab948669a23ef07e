"""The cluster's VPC: private subnets in three zones, with no way out of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.base import Component
from components.cluster.place import DISCOVERY, Place
from config.address_plan import AddressPlan


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """`plan` divides `cidr` between the zones."""

    place: Place
    cidr: str
    plan: AddressPlan


class Vpc(Component, token="mlops:index:Vpc"):
    """The VPC, a private subnet and a route table in each zone, and a default security group without rules."""

    vpc_id: pulumi.Output[str]
    subnet_ids: pulumi.Output[Sequence[str]]
    route_table_ids: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        vpc = ec2.Vpc(
            self.child("vpc"),
            cidr_block=args.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=vpc_tags(args.place),
            opts=self.opts(),
        )
        ec2.DefaultSecurityGroup(
            self.child("default"),
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags={"Name": args.place.named("unused")},
            opts=self.opts(),
        )
        tables, subnets = {}, []
        for zone, cidr in args.plan.private.items():
            table = ec2.RouteTable(
                self.child(f"routes-{zone}"),
                vpc_id=vpc.id,
                tags={"Name": args.place.named(f"private-{zone}")},
                opts=self.opts(),
            )
            subnet = ec2.Subnet(
                self.child(f"private-{zone}"),
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags=private_tags(args.place, zone),
                opts=self.opts(),
            )
            ec2.RouteTableAssociation(
                self.child(f"routed-{zone}"), subnet_id=subnet.id, route_table_id=table.id, opts=self.opts()
            )
            tables[zone] = table.id
            subnets.append(subnet.id)
        self.vpc_id = vpc.id
        self.subnet_ids = pulumi.Output.all(*subnets)
        self.route_table_ids = pulumi.Output.all(**tables)
        self.register_outputs(
            {"vpc_id": self.vpc_id, "subnet_ids": self.subnet_ids, "route_table_ids": self.route_table_ids}
        )


def vpc_tags(place: Place) -> dict[str, str]:
    """What the load balancer controller finds its VPC by: it is known at plan time, which the VPC's id is not."""
    return {"Name": place.named("vpc"), place.owned_tag: "shared"}


def private_tags(place: Place, zone: str) -> dict[str, str]:
    """Karpenter puts nodes there, and the load balancer controller internal load balancers."""
    return {
        "Name": place.named(f"private-{zone}"),
        DISCOVERY: place.cluster,
        "kubernetes.io/role/internal-elb": "1",
        place.owned_tag: "shared",
    }
