"""The security group of every node with its pods, and of the control plane's interfaces towards them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, vpc

from components.base import Component
from components.cluster.egress import EVERYWHERE
from components.cluster.place import DISCOVERY, Place
from components.manifest import known_after


@dataclass(frozen=True, kw_only=True)
class NodeSecurityArgs:
    """Where the group is."""

    place: Place
    vpc_id: pulumi.Input[str]


class NodeSecurity(Component, token="mlops:index:NodeSecurity"):
    """Nodes and the control plane reach each other, and nobody else reaches them.

    Interfaces that Cilium adds to a node for its pods have the groups of its first one: so the control plane reaches
    pods' webhooks. What a pod takes in is decided by Cilium; what may go out by routes and, pod by pod, by Cilium.
    `group` is its id, known with its rules. It is the only group on a node with the cluster's tag: the load balancer
    controller refuses two.
    """

    group: pulumi.Output[str]

    def __init__(self, name: str, args: NodeSecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        group = ec2.SecurityGroup(
            self.child("group"),
            name=args.place.named("nodes"),
            description="Nodes and the control plane among themselves",
            vpc_id=args.vpc_id,
            tags=group_tags(args.place),
            opts=self.opts(),
        )
        inside = vpc.SecurityGroupIngressRule(
            self.child("inside"),
            security_group_id=group.id,
            description="Nodes and the control plane",
            referenced_security_group_id=group.id,
            ip_protocol="-1",
            opts=self.opts(),
        )
        out = vpc.SecurityGroupEgressRule(
            self.child("out"),
            security_group_id=group.id,
            description="Wherever routes lead",
            cidr_ipv4=EVERYWHERE,
            ip_protocol="-1",
            opts=self.opts(),
        )
        self.group = known_after(group.id, [inside.id, out.id])
        self.register_outputs({"group": self.group})


def group_tags(place: Place) -> dict[str, str]:
    """What Karpenter and the load balancer controller find the group by."""
    return {"Name": place.named("nodes"), DISCOVERY: place.cluster, place.owned_tag: "owned"}
