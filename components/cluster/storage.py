"""Volumes of pods: the EBS driver, and one default class whose volumes are encrypted with the cluster's key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks

from components.base import Component
from components.cluster.addons import addon_inputs
from components.cluster.place import Place
from components.cluster.pod_identity import PodIdentity, PodIdentityArgs
from components.cluster.policy import Statement, allow, document
from components.manifest import Manifest, known_after, kubernetes_object, part
from config.catalog import EKS_EBS_CSI

ROLE = "ebs-csi"
NAMESPACE = "kube-system"
SERVICE_ACCOUNT = "ebs-csi-controller-sa"
STORAGE_CLASS = "gp3-encrypted"


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """`volume_key` is a key's ARN; `nodes` is known once there are nodes for the driver to run on."""

    place: Place
    cluster: pulumi.Output[str]
    nodes: pulumi.Output[str]
    volume_key: pulumi.Input[str]
    tags: Mapping[str, str]
    labels: Mapping[str, str]


class Storage(Component, token="mlops:index:Storage"):
    """The driver with rights over this cluster's volumes alone, and the default StorageClass."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        identity = PodIdentity(
            self.child("identity"),
            PodIdentityArgs(
                place=args.place,
                cluster=args.cluster,
                part=ROLE,
                namespace=NAMESPACE,
                service_account=SERVICE_ACCOUNT,
                rights=driver_rights(args.place),
            ),
            self.opts(),
        )
        controller = {"k8sTagClusterId": args.place.cluster, "extraVolumeTags": dict(args.tags)}
        eks.Addon(
            self.child("driver"),
            **addon_inputs("aws-ebs-csi-driver", EKS_EBS_CSI, {"controller": controller}),
            cluster_name=known_after(args.cluster, [args.nodes, identity.association]),
            opts=self.opts(),
        )
        part(self, "class", storage_class(args.volume_key, args.labels))
        self.register_outputs({})


def storage_class(key: pulumi.Input[str], labels: Mapping[str, str]) -> Manifest:
    """The default class: encrypted, and in the zone that its first pod is in."""
    manifest = kubernetes_object(
        "storage.k8s.io/v1",
        "StorageClass",
        STORAGE_CLASS,
        labels=labels,
        provisioner="ebs.csi.aws.com",
        parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key},
        reclaimPolicy="Delete",
        volumeBindingMode="WaitForFirstConsumer",
        allowVolumeExpansion=True,
    )
    manifest["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return manifest


def driver_rights(place: Place) -> str:
    """Make, attach and delete volumes and snapshots that carry the cluster's tag, on nodes that carry it."""
    volumes, snapshots = place.arn("ec2", "volume/*"), place.unowned("ec2", "snapshot/*")
    instances = place.arn("ec2", "instance/*")
    asked = {"StringEquals": {f"aws:RequestTag/{place.owned_tag}": "owned"}}
    ours = {"StringEquals": {f"aws:ResourceTag/{place.owned_tag}": "owned"}}
    created: dict[str, dict[str, str | list[str]]] = {
        "StringEquals": {
            **asked["StringEquals"],
            "ec2:CreateAction": ["CreateVolume", "CreateSnapshot"],
        }
    }
    return document(
        _describe(place),
        allow("Create", ["ec2:CreateVolume"], [volumes], asked),
        # A volume from a snapshot, and a snapshot of a volume, are judged by what they are made of as well.
        allow("CreateFromOurs", ["ec2:CreateVolume"], [snapshots], ours),
        allow("Snapshot", ["ec2:CreateSnapshot"], [snapshots], asked),
        allow("SnapshotOfOurs", ["ec2:CreateSnapshot"], [volumes], ours),
        allow("TagNew", ["ec2:CreateTags"], [volumes, snapshots], created),
        allow("Attach", ["ec2:AttachVolume", "ec2:DetachVolume"], [volumes, instances], ours),
        allow("Change", ["ec2:ModifyVolume", "ec2:DeleteVolume"], [volumes], ours),
        allow("DeleteSnapshot", ["ec2:DeleteSnapshot"], [snapshots], ours),
    )


def _describe(place: Place) -> Statement:
    """Nothing of EC2's that describes can be narrowed to resources."""
    kinds = ("AvailabilityZones", "Instances", "Snapshots", "Tags", "Volumes", "VolumesModifications")
    return allow(
        "Describe",
        [f"ec2:Describe{kind}" for kind in kinds],
        ["*"],
        {"StringEquals": {"aws:RequestedRegion": place.region}},
    )
