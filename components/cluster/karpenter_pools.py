"""What Karpenter may make: a NodePool for each GPU pool, and one for everything without GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.cluster.karpenter import NODES
from components.cluster.keys import volume_alias
from components.cluster.node_group import NO_CNI_TAINT, ROOT_DEVICE
from components.cluster.place import DISCOVERY, Place
from components.manifest import Manifest, declare, kubernetes_object
from config import gpu
from config.catalog import NODE_IMAGE
from config.eks import AwsSettings
from config.eks_pools import PoolCapacity, instance_types
from config.gpu_pool import GpuPool

GENERAL = "general"
GENERAL_DISK_GIB = 100

MAX_PODS = 110
"""Of a node, as many as Kubernetes is made for. By itself Karpenter counts single addresses, not /28 prefixes."""

_CHOSEN_LABELS = (
    gpu.POOL_LABEL,
    gpu.PURPOSE_LABEL,
    gpu.DEVICE_PLUGIN_LABEL,
    "nvidia.com/mig.config",
)
"""Of a node's labels those by which it asks to be prepared; the others say what was found on it."""


@dataclass(frozen=True, kw_only=True)
class KarpenterPoolsArgs:
    """`after` is what brings the CRDs; `tags` are on every node and `labels` on every object."""

    place: Place
    pools: Sequence[GpuPool]
    aws: AwsSettings
    after: Sequence[pulumi.Resource]
    tags: Mapping[str, str]
    labels: Mapping[str, str]


class KarpenterPools(Component, token="mlops:index:KarpenterPools"):
    """The pools. Each has nodes of one purpose: development and training never share one."""

    def __init__(
        self, name: str, args: KarpenterPoolsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        for part, manifest in pool_manifests(args).items():
            # A CRD comes with the chart, and no value of the chart's says that it is there.
            declare(self.child(part), manifest, self.opts(depends_on=list(args.after)))
        self.register_outputs({})


def pool_manifests(args: KarpenterPoolsArgs) -> dict[str, Manifest]:
    """Every object, by the part of the logical name that it gets."""
    place, common = args.place, args.labels
    made = {
        f"{GENERAL}-class": node_class(place, GENERAL, GENERAL_DISK_GIB, args.tags, common),
        f"{GENERAL}-pool": general_pool(args.aws, common),
    }
    for pool in args.pools:
        capacity = args.aws.capacity_of(pool)
        made |= {
            f"{pool.name}-class": node_class(
                place,
                pool_name(pool),
                capacity.disk_gib,
                args.tags,
                common,
                reservations=capacity.reservations,
                local_disks=True,
            ),
            f"{pool.name}-pool": gpu_node_pool(pool, capacity, common),
        }
        overlay = node_overlay(pool, common)
        made |= {f"{pool.name}-overlay": overlay} if overlay else {}
    return made


def pool_name(pool: GpuPool) -> str:
    """The name of the pool's objects, which no other NodePool has."""
    return f"gpu-{pool.name}"


def node_class(
    place: Place,
    name: str,
    disk_gib: int,
    tags: Mapping[str, str],
    common: Mapping[str, str],
    *,
    reservations: Sequence[str] = (),
    local_disks: bool = False,
) -> Manifest:
    """How a node is made: a pinned image, an encrypted disk, IMDSv2 with one hop, no public address.

    `local_disks` joins the disks that the type brings along, if any, for containers' scratch space.
    """
    disk = {"volumeSize": f"{disk_gib}Gi", "volumeType": "gp3", "deleteOnTermination": True}
    spec: dict[str, Any] = {
        "amiSelectorTerms": [{"alias": NODE_IMAGE}],
        "instanceProfile": place.named(NODES),
        "associatePublicIPAddress": False,
        "kubelet": {"maxPods": MAX_PODS},
        "subnetSelectorTerms": [{"tags": {DISCOVERY: place.cluster}}],
        "securityGroupSelectorTerms": [{"tags": {DISCOVERY: place.cluster}}],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "blockDeviceMappings": [
            {
                "deviceName": ROOT_DEVICE,
                "rootVolume": True,
                "ebs": {**disk, "encrypted": True, "kmsKeyID": volume_alias(place)},
            }
        ],
        "tags": dict(tags),
    }
    if reservations:
        spec["capacityReservationSelectorTerms"] = [{"id": one} for one in reservations]
    if local_disks:
        spec["instanceStorePolicy"] = "RAID0"
    return kubernetes_object("karpenter.k8s.aws/v1", "EC2NodeClass", name, labels=common, spec=spec)


def gpu_node_pool(pool: GpuPool, capacity: PoolCapacity, common: Mapping[str, str]) -> Manifest:
    """Nodes of a GPU pool, marked as the GPU operator and tenants' pods expect them.

    A node is only taken away when it is empty: a training run that is moved starts again.
    """
    marks = gpu.node_labels(pool)
    return _node_pool(
        pool_name(pool),
        common,
        labels={key: marks[key] for key in _CHOSEN_LABELS if key in marks},
        taints=gpu.node_taints(pool),
        startup_taints=[gpu.STARTUP_TAINT] if pool.gpu.mig else [],
        requirements=[
            _one_of("node.kubernetes.io/instance-type", instance_types(pool, capacity)),
            _one_of("karpenter.sh/capacity-type", [capacity.capacity]),
        ],
        limits=limits(pool, capacity),
        disruption={
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": "10m",
            "budgets": [{"nodes": "1"}],
        },
        expire_after="Never",
    )


def limits(pool: GpuPool, capacity: PoolCapacity) -> dict[str, str]:
    """The most that the pool grows to: in nodes, and in what they offer, which every Karpenter counts."""
    most = capacity.most(pool)
    offered = {name: str(most * int(count)) for name, count in gpu.allocatable(pool).items()}
    return {"nodes": str(most)} | offered


def general_pool(aws: AwsSettings, common: Mapping[str, str]) -> Manifest:
    """Nodes without GPUs, for everything that names no other ones. A type with one CPU has too few interfaces for as
    many pods as a node may have."""
    return _node_pool(
        GENERAL,
        common,
        labels={gpu.PURPOSE_LABEL: GENERAL},
        taints=[],
        requirements=[
            _one_of("kubernetes.io/arch", ["amd64"]),
            _one_of("kubernetes.io/os", ["linux"]),
            _one_of("karpenter.k8s.aws/instance-category", ["c", "m", "r"]),
            {"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["5"]},
            {"key": "karpenter.k8s.aws/instance-cpu", "operator": "Gt", "values": ["1"]},
            _one_of("karpenter.sh/capacity-type", ["on-demand"]),
        ],
        limits={"cpu": str(aws.general_cpus)},
        disruption={
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": "5m",
            "budgets": [{"nodes": "10%"}],
        },
        expire_after="720h",
    )


def node_overlay(pool: GpuPool, common: Mapping[str, str]) -> Manifest | None:
    """What a node of the pool offers where it is not what EC2 says, None where it is.

    Without it Karpenter makes no node for a MIG instance or a share, and makes one of them for a whole GPU.
    """
    offered = gpu.allocatable(pool)
    if offered == {gpu.GPU: str(pool.gpus_per_node)}:
        return None
    spec = {
        "requirements": [_one_of("karpenter.sh/nodepool", [pool_name(pool)])],
        "capacity": {gpu.GPU: "0"} | offered,
    }
    return kubernetes_object(
        "karpenter.sh/v1alpha1", "NodeOverlay", pool_name(pool), labels=common, spec=spec
    )


def _node_pool(
    name: str,
    common: Mapping[str, str],
    *,
    labels: Mapping[str, str],
    taints: Sequence[Mapping[str, str]],
    startup_taints: Sequence[Mapping[str, str]] = (),
    requirements: Sequence[Mapping[str, Any]],
    limits: Mapping[str, str],
    disruption: Mapping[str, Any],
    expire_after: str,
) -> Manifest:
    node: dict[str, Any] = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
        "requirements": list(requirements),
        "startupTaints": [dict(taint) for taint in (NO_CNI_TAINT, *startup_taints)],
        "expireAfter": expire_after,
    }
    if taints:
        node["taints"] = [dict(taint) for taint in taints]
    spec = {
        "template": {"metadata": {"labels": dict(labels)}, "spec": node},
        "limits": dict(limits),
        "disruption": dict(disruption),
    }
    return kubernetes_object("karpenter.sh/v1", "NodePool", name, labels=common, spec=spec)


def _one_of(key: str, values: Sequence[str]) -> dict[str, Any]:
    return {"key": key, "operator": "In", "values": list(values)}
