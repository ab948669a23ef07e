"""What Karpenter may do in AWS: nodes of its own cluster, from its own launch templates, with one role."""

from __future__ import annotations

from components.cluster.place import Place
from components.cluster.policy import Statement, allow, document

_POOL = "karpenter.sh/nodepool"
"""Karpenter puts it, with the NodePool's name, on all that it makes."""


def controller_rights(place: Place, *, queue: str, node_role: str, profile: str) -> str:
    """The controller's policy. `queue`, `node_role` and `profile` are ARNs.

    Nodes get an instance profile that is there already: Karpenter needs no rights to make or change one, and
    IAM cannot be reached from a VPC without a way out.
    """
    return document(
        *_launch(place),
        *_tag_and_end(place),
        allow("Describe", _DESCRIBE, ["*"], {"StringEquals": {"aws:RequestedRegion": place.region}}),
        allow(
            "Images",
            ["ssm:GetParameter"],
            [place.unowned("ssm", "parameter/aws/service/eks/optimized-ami/*")],
        ),
        allow("Warnings", _READ_QUEUE, [queue]),
        allow(
            "NodeRole",
            ["iam:PassRole"],
            [node_role],
            {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        ),
        allow("NodeProfile", ["iam:GetInstanceProfile"], [profile]),
        allow("Endpoint", ["eks:DescribeCluster"], [place.cluster_arn]),
    )


def _launch(place: Place) -> tuple[Statement, ...]:
    """Into subnets and groups that are for nodes, and only things that carry the cluster's and a pool's tag."""
    start = ["ec2:RunInstances", "ec2:CreateFleet"]
    return (
        allow("FromImages", start, [place.unowned("ec2", f"{kind}/*") for kind in ("image", "snapshot")]),
        allow(
            "InPlace",
            start,
            [place.arn("ec2", f"{kind}/*") for kind in ("security-group", "subnet")],
            {"StringEquals": {"aws:ResourceTag/karpenter.sh/discovery": place.cluster}},
        ),
        allow("ByReservation", start, [place.arn("ec2", "capacity-reservation/*")]),
        allow("ByTemplate", start, [place.arn("ec2", "launch-template/*")], _owned(place, "ResourceTag")),
        allow(
            "OwnedOnly",
            [*start, "ec2:CreateLaunchTemplate"],
            [place.arn("ec2", f"{kind}/*") for kind in (*_MADE, "spot-instances-request")],
            _owned(place, "RequestTag"),
        ),
    )


def _tag_and_end(place: Place) -> tuple[Statement, ...]:
    made, ours = _owned(place, "RequestTag"), _owned(place, "ResourceTag")
    actions = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]
    kinds = (*_MADE, "spot-instances-request")
    return (
        allow(
            "TagNew",
            ["ec2:CreateTags"],
            [place.arn("ec2", f"{kind}/*") for kind in kinds],
            {**made, "StringEquals": {**made["StringEquals"], "ec2:CreateAction": actions}},
        ),
        allow(
            "Name",
            ["ec2:CreateTags"],
            [place.arn("ec2", "instance/*")],
            {**ours, "ForAllValues:StringEquals": {"aws:TagKeys": list(_LATER_TAGS)}},
        ),
        allow(
            "End",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [place.arn("ec2", f"{kind}/*") for kind in ("instance", "launch-template")],
            ours,
        ),
    )


def _owned(place: Place, where: str) -> dict[str, dict[str, str | list[str]]]:
    return {
        "StringEquals": {f"aws:{where}/{place.owned_tag}": "owned"},
        "StringLike": {f"aws:{where}/{_POOL}": "*"},
    }


_MADE = ("fleet", "instance", "volume", "network-interface", "launch-template")
_LATER_TAGS = ("eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name")
_READ_QUEUE = ("sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage")
_KINDS = (
    *("AvailabilityZones", "CapacityReservations", "Images", "Instances", "InstanceStatus"),
    *("InstanceTypeOfferings", "InstanceTypes", "LaunchTemplates", "PlacementGroups"),
    *("SecurityGroups", "SpotPriceHistory", "Subnets"),
)
_DESCRIBE = tuple(f"ec2:Describe{kind}" for kind in _KINDS)
"""EC2 narrows nothing that describes to resources. Prices are the ones that Karpenter was built with."""
