"""The cluster's VPC: private subnets for nodes and for pods in three zones, with no way out of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2

from components.base import Component
from components.cluster.place import DISCOVERY, PODS, Place
from config.address_plan import AddressPlan


@dataclass(frozen=True, kw_only=True)
class VpcArgs:
    """`plan` says which zone has which addresses."""

    place: Place
    plan: AddressPlan


class Vpc(Component, token="mlops:index:Vpc"):
    """The VPC; in each zone a route table with a private subnet for nodes and one for pods; a default security group
    without rules.

    `vpc_id` is known once the VPC has both ranges: EKS may take an hour to learn of one that comes after the cluster.
    """

    vpc_id: pulumi.Output[str]
    subnet_ids: pulumi.Output[Sequence[str]]
    route_table_ids: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: VpcArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        vpc = ec2.Vpc(
            self.child("vpc"),
            cidr_block=args.plan.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=vpc_tags(args.place),
            opts=self.opts(),
        )
        pods = ec2.VpcIpv4CidrBlockAssociation(
            self.child("pods"), vpc_id=vpc.id, cidr_block=args.plan.pod_cidr, opts=self.opts()
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
            tables[zone] = table.id
            subnets.append(self._subnet("private", zone, vpc.id, cidr, table, private_tags(args.place, zone)))
            self._subnet("pods", zone, pods.vpc_id, args.plan.pods[zone], table, pod_tags(args.place, zone))
        self.vpc_id = pods.vpc_id
        self.subnet_ids = pulumi.Output.all(*subnets)
        self.route_table_ids = pulumi.Output.all(**tables)
        self.register_outputs(
            {"vpc_id": self.vpc_id, "subnet_ids": self.subnet_ids, "route_table_ids": self.route_table_ids}
        )

    def _subnet(
        self,
        part: str,
        zone: str,
        vpc: pulumi.Output[str],
        cidr: str,
        table: ec2.RouteTable,
        tags: Mapping[str, str],
    ) -> pulumi.Output[str]:
        subnet = ec2.Subnet(
            self.child(f"{part}-{zone}"),
            vpc_id=vpc,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags=tags,
            opts=self.opts(),
        )
        ec2.RouteTableAssociation(
            self.child(f"routed-{part}-{zone}"),
            subnet_id=subnet.id,
            route_table_id=table.id,
            opts=self.opts(),
        )
        return subnet.id


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


def pod_tags(place: Place, zone: str) -> dict[str, str]:
    """Cilium takes addresses there; neither nodes nor load balancers are put there."""
    return {"Name": place.named(f"pods-{zone}"), PODS: place.cluster}
