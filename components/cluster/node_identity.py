"""The role of a group of nodes: to join the cluster and to pull images, and nothing for the pods on them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from components.base import Component
from components.cluster.place import Place
from components.cluster.policy import service_trust
from components.manifest import known_after

POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""Not the CNI's: Cilium's operator has rights of its own. Not SSM's: nobody logs in to a node."""


@dataclass(frozen=True, kw_only=True)
class NodeIdentityArgs:
    """`group` is the name of the group of nodes."""

    place: Place
    group: str


class NodeIdentity(Component, token="mlops:index:NodeIdentity"):
    """The role with its policies. `role` is its ARN and `role_name` its name, known once it has them."""

    role: pulumi.Output[str]
    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: NodeIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place = args.place
        role = iam.Role(
            self.child("role"),
            name=place.named(args.group),
            assume_role_policy=service_trust("ec2.amazonaws.com"),
            opts=self.opts(),
        )
        attached = [
            iam.RolePolicyAttachment(
                self.child(policy), role=role.name, policy_arn=place.managed_policy(policy), opts=self.opts()
            ).id
            for policy in POLICIES
        ]
        self.role = known_after(role.arn, attached)
        self.role_name = known_after(role.name, attached)
        self.register_outputs({"role": self.role, "role_name": self.role_name})
