"""What Cilium has of AWS to give pods addresses of the VPC: subnets, and rights over interfaces. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.cluster.place import PODS, Place
from components.cluster.pod_identity import PodIdentityArgs
from components.cluster.policy import allow, document
from components.network.pod_addresses import VpcInterfaces

ROLE = "pod-network"
NAMESPACE = "kube-system"
SERVICE_ACCOUNT = "cilium-operator"
"""The chart's name for it."""


def operator_identity(place: Place, cluster: pulumi.Input[str]) -> PodIdentityArgs:
    """Who Cilium's operator is in AWS. It works before any pod has a network: the control plane itself tells a new pod
    where its credentials are, and operator and agent of Pod Identity are both in the host's network. Until the agent
    answers on a new node, the operator starts again."""
    return PodIdentityArgs(
        place=place,
        cluster=cluster,
        part=ROLE,
        namespace=NAMESPACE,
        service_account=SERVICE_ACCOUNT,
        rights=operator_rights(place),
    )


def pod_addresses(place: Place, tags: Mapping[str, str]) -> VpcInterfaces:
    """Where pods have their addresses from. Interfaces carry the tag that the operator's rights ask for; `tags` stand
    here because the provider's default ones do not reach them."""
    return VpcInterfaces(subnet_tags={PODS: place.cluster}, tags={**tags, place.owned_tag: "owned"})


def operator_rights(place: Place) -> str:
    """Make, attach and delete interfaces that carry the cluster's tag, in its pods' subnets and its nodes' group.

    The actions are those of "Required Privileges" in Cilium's documentation of AWS ENI, without the ones for what is
    not used: policies by prefix lists, addresses given back, and a cluster without a name.
    """
    interfaces, instances = place.arn("ec2", "network-interface/*"), place.arn("ec2", "instance/*")
    asked = {f"aws:RequestTag/{place.owned_tag}": "owned"}
    ours = {"StringEquals": {f"aws:ResourceTag/{place.owned_tag}": "owned"}}
    created = {"StringEquals": {**asked, "ec2:CreateAction": "CreateNetworkInterface"}}
    create = ["ec2:CreateNetworkInterface"]
    return document(
        allow("Describe", _DESCRIBE, ["*"], {"StringEquals": {"aws:RequestedRegion": place.region}}),
        allow("Create", create, [interfaces], {"StringEquals": asked}),
        allow(
            "InSubnets",
            create,
            [place.arn("ec2", "subnet/*")],
            {"StringEquals": {f"aws:ResourceTag/{PODS}": place.cluster}},
        ),
        allow("InGroup", create, [place.arn("ec2", "security-group/*")], ours),
        allow("TagNew", ["ec2:CreateTags"], [interfaces], created),
        # Whether an interface goes with its instance is an attribute of both.
        allow(
            "Attach",
            ["ec2:AttachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"],
            [interfaces, instances],
            ours,
        ),
        allow("Change", ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface"], [interfaces], ours),
    )


_KINDS = ("InstanceTypes", "NetworkInterfaces", "RouteTables", "SecurityGroups", "Subnets", "Vpcs")
_DESCRIBE = tuple(f"ec2:Describe{kind}" for kind in _KINDS)
"""EC2 narrows nothing that describes to resources."""
