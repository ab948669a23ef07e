"""The services of AWS inside of the VPC, so that nodes and controllers need no way out to reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, vpc

from components.base import Component
from components.cluster.place import Place

SERVICES = (
    *("autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms", "logs"),
    *("sqs", "ssm", "sts"),
)
"""SQS brings Karpenter its warnings, SSM the id of its nodes' image. IAM and prices have no endpoint: nothing
in the cluster may need them."""


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """`cidrs` are the ranges of those who may connect, by who they are."""

    place: Place
    vpc_id: pulumi.Input[str]
    cidrs: Mapping[str, str]
    subnet_ids: pulumi.Input[Sequence[str]]
    route_table_ids: pulumi.Output[Mapping[str, str]]


class Endpoints(Component, token="mlops:index:Endpoints"):
    """An interface in each zone for every service, and a gateway to S3, which image layers come from."""

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        group = ec2.SecurityGroup(
            self.child("group"),
            name=place.named("endpoints"),
            description="HTTPS from the VPC to AWS services",
            vpc_id=args.vpc_id,
            tags={"Name": place.named("endpoints")},
            opts=self.opts(),
        )
        for who, cidr in args.cidrs.items():
            vpc.SecurityGroupIngressRule(
                self.child(f"https-{who}"),
                security_group_id=group.id,
                description=f"HTTPS from {who}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                opts=self.opts(),
            )
        for service in SERVICES:
            ec2.VpcEndpoint(
                self.child(service.replace(".", "-")),
                vpc_id=args.vpc_id,
                service_name=service_name(place, service),
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=args.subnet_ids,
                security_group_ids=[group.id],
                tags={"Name": place.named(service)},
                opts=self.opts(),
            )
        ec2.VpcEndpoint(
            self.child("s3"),
            vpc_id=args.vpc_id,
            service_name=service_name(place, "s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=args.route_table_ids.apply(_in_order),
            tags={"Name": place.named("s3")},
            opts=self.opts(),
        )
        self.register_outputs({})


def service_name(place: Place, service: str) -> str:
    """What EC2 calls a service's endpoint."""
    start = "cn." if place.partition == "aws-cn" and service not in {"logs", "s3"} else ""
    return f"{start}com.amazonaws.{place.region}.{service}"


def _in_order(by_zone: Mapping[str, str]) -> list[str]:
    return [by_zone[zone] for zone in sorted(by_zone)]
