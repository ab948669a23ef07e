"""The managed node group that runs what the cluster itself needs; Karpenter makes all other nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import ec2, eks

from components.base import Component
from components.cluster.place import Place
from config.catalog import EKS_VERSION
from config.eks import SystemNodes
from config.gpu import PURPOSE_LABEL

GROUP = "system"
ROOT_DEVICE = "/dev/xvda"
"""Where Amazon Linux has its root volume."""

SYSTEM_TAINT = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}
"""Charts of AWS and EKS's add-ons tolerate it out of the box."""

NO_CNI_TAINT = {"key": "node.cilium.io/agent-not-ready", "value": "true", "effect": "NoExecute"}
"""Cilium takes it away once it runs on the node: no pod starts that its policies do not see."""


@dataclass(frozen=True, kw_only=True)
class NodeGroupArgs:
    """`role`, `security_group` and `volume_key` are a role's ARN, a group's id and a key's ARN."""

    place: Place
    cluster: pulumi.Input[str]
    role: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    security_group: pulumi.Input[str]
    volume_key: pulumi.Input[str]
    settings: SystemNodes
    tags: Mapping[str, str]


class NodeGroup(Component, token="mlops:index:NodeGroup"):
    """The nodes. They are ready once a CNI runs on them, which has to come by the API server meanwhile."""

    group: pulumi.Output[str]

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        template = ec2.LaunchTemplate(
            self.child("template"),
            name=args.place.named(GROUP),
            update_default_version=True,
            **template_inputs(args),
            opts=self.opts(),
        )
        group = eks.NodeGroup(
            self.child("nodes"),
            cluster_name=args.cluster,
            node_group_name=GROUP,
            node_role_arn=args.role,
            subnet_ids=args.subnet_ids,
            version=EKS_VERSION,
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            **group_inputs(args.settings),
            opts=self.opts(),
        )
        self.group = group.arn
        self.register_outputs({"group": self.group})


def group_inputs(settings: SystemNodes) -> dict[str, Any]:
    """How many nodes of which kind, and how they are marked."""
    return {
        "ami_type": "AL2023_x86_64_STANDARD",
        "capacity_type": "ON_DEMAND",
        "instance_types": list(settings.instance_types),
        "scaling_config": {
            "min_size": settings.count,
            "desired_size": settings.count,
            "max_size": settings.count + 1,
        },
        "update_config": {"max_unavailable": 1},
        "node_repair_config": {"enabled": True},
        "labels": {PURPOSE_LABEL: GROUP},
        "taints": [
            {**SYSTEM_TAINT, "effect": "NO_SCHEDULE"},
            {**NO_CNI_TAINT, "effect": "NO_EXECUTE"},
        ],
    }


def template_inputs(args: NodeGroupArgs) -> dict[str, Any]:
    """One node: IMDSv2 alone with one hop, so that no pod outside of the host's network gets the node's
    credentials; an encrypted disk that goes with it; no public address.

    The tags stand here because the provider's default ones do not reach what a launch template makes.
    """
    tags = {**args.tags, "Name": args.place.named(GROUP), args.place.owned_tag: "owned"}
    disk = {
        "volume_type": "gp3",
        "volume_size": args.settings.disk_gib,
        "encrypted": "true",
        "kms_key_id": args.volume_key,
        "delete_on_termination": "true",
    }
    interface = {
        "device_index": 0,
        "associate_public_ip_address": "false",
        "delete_on_termination": "true",
        "security_groups": [args.security_group],
    }
    return {
        "metadata_options": {
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
        },
        "block_device_mappings": [{"device_name": ROOT_DEVICE, "ebs": disk}],
        "network_interfaces": [interface],
        "tag_specifications": [{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
    }
