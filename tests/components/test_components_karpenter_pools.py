from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pulumi
import pytest
from pulumi_kubernetes import core

from components.cluster.karpenter_pools import KarpenterPools, KarpenterPoolsArgs, pool_manifests
from config.aws_instances import INSTANCE_TYPES
from config.eks import AwsSettings
from config.gpu import node_labels, node_taints
from config.gpu_pool import GpuPool
from tests.aws_cluster import PLACE, declared

Manifest = dict[str, Any]


def pool(name: str, purpose: str = "dev", **sharing: Any) -> GpuPool:
    data = {"name": name, "model": "A100-80GB", "purpose": purpose, "nodes": 2, "gpusPerNode": 8}
    return GpuPool.model_validate(data | ({"sharing": sharing} if sharing else {}))


MIXED = pool("mixed", strategy="mig", profiles={"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1})
SINGLE = pool("single", strategy="mig", profiles={"1g.10gb": 7})
SLICED = pool("sliced", strategy="time-slicing", replicas=4)
WHOLE = pool("whole", "training")
EVERY = [MIXED, SINGLE, SLICED, WHOLE]


def aws(**pools: Any) -> AwsSettings:
    data = {"account": "123456789012", "vpcCidr": "10.96.0.0/16", "admins": [PLACE.iam("role/a")]}
    return AwsSettings.model_validate(data | {"pools": pools})


def arguments(settings: AwsSettings | None = None, pools: list[GpuPool] = EVERY) -> KarpenterPoolsArgs:
    return KarpenterPoolsArgs(
        place=PLACE, pools=pools, aws=settings or aws(), after=(), tags={"team": "x"}, labels={"team": "x"}
    )


def manifests(settings: AwsSettings | None = None) -> dict[str, Manifest]:
    return pool_manifests(arguments(settings))


def requirement(manifest: Manifest, key: str) -> list[str]:
    spec = manifest["spec"].get("template", {}).get("spec", manifest["spec"])
    (values,) = [one["values"] for one in spec["requirements"] if one["key"] == key]
    found: list[str] = values
    return found


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_a_node_is_marked_as_its_pool_and_nothing_of_another_purpose_lands_there(one: GpuPool) -> None:
    template = manifests()[f"{one.name}-pool"]["spec"]["template"]
    assert template["spec"]["taints"] == node_taints(one)
    assert template["metadata"]["labels"].items() <= node_labels(one).items()
    assert template["metadata"]["labels"]["mlops.platform/gpu-pool"] == one.name


def test_development_and_training_never_share_a_node() -> None:
    taints = {one.purpose: str(node_taints(one)) for one in EVERY}
    assert taints["dev"] != taints["training"]


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_only_types_with_the_pools_gpus_are_bought(one: GpuPool) -> None:
    names = requirement(manifests()[f"{one.name}-pool"], "node.kubernetes.io/instance-type")
    assert names
    assert {(INSTANCE_TYPES[name].model, INSTANCE_TYPES[name].gpus) for name in names} == {("A100-80GB", 8)}


@pytest.mark.parametrize("kind", ["on-demand", "spot"])
def test_capacity_is_bought_as_the_settings_say(kind: str) -> None:
    made = manifests(aws(whole={"capacity": kind}))["whole-pool"]
    assert requirement(made, "karpenter.sh/capacity-type") == [kind]


def test_a_reserved_pool_uses_its_reservations_and_buys_nothing_else() -> None:
    made = manifests(aws(whole={"capacity": "reserved", "reservations": ["cr-0a"]}))
    assert requirement(made["whole-pool"], "karpenter.sh/capacity-type") == ["reserved"]
    assert made["whole-class"]["spec"]["capacityReservationSelectorTerms"] == [{"id": "cr-0a"}]
    assert "capacityReservationSelectorTerms" not in made["mixed-class"]["spec"]


def test_a_pool_grows_to_its_limit_and_no_further() -> None:
    assert manifests()["whole-pool"]["spec"]["limits"] == {"nodes": "2", "nvidia.com/gpu": "16"}
    larger = manifests(aws(whole={"maxNodes": 9}))["whole-pool"]["spec"]["limits"]
    assert larger == {"nodes": "9", "nvidia.com/gpu": "72"}


def test_the_limit_of_a_shared_pool_counts_what_its_nodes_offer() -> None:
    assert manifests()["sliced-pool"]["spec"]["limits"] == {"nodes": "2", "nvidia.com/gpu.shared": "64"}


@pytest.mark.parametrize(
    ("one", "capacity"),
    [
        (
            MIXED,
            {
                "nvidia.com/gpu": "0",
                "nvidia.com/mig-1g.10gb": "16",
                "nvidia.com/mig-2g.20gb": "8",
                "nvidia.com/mig-3g.40gb": "8",
            },
        ),
        (SINGLE, {"nvidia.com/gpu": "56"}),
        (SLICED, {"nvidia.com/gpu": "0", "nvidia.com/gpu.shared": "32"}),
    ],
    ids=["mixed", "single", "sliced"],
)
def test_karpenter_is_told_what_ec2_does_not_know(one: GpuPool, capacity: dict[str, str]) -> None:
    overlay = manifests()[f"{one.name}-overlay"]
    assert overlay["spec"]["capacity"] == capacity
    assert requirement(overlay, "karpenter.sh/nodepool") == [
        manifests()[f"{one.name}-pool"]["metadata"]["name"]
    ]


def test_whole_gpus_are_what_ec2_says() -> None:
    assert "whole-overlay" not in manifests()


@pytest.mark.parametrize("part", ["general-class", "mixed-class", "whole-class"])
def test_every_node_is_hardened_like_the_system_ones(part: str) -> None:
    spec = manifests()[part]["spec"]
    assert spec["metadataOptions"]["httpTokens"] == "required"
    assert spec["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert spec["associatePublicIPAddress"] is False
    (disk,) = spec["blockDeviceMappings"]
    assert disk["ebs"]["encrypted"] is True
    assert disk["ebs"]["kmsKeyID"] == "alias/east-volumes"
    (image,) = spec["amiSelectorTerms"]
    assert "latest" not in image["alias"]


def test_a_node_has_as_many_pods_as_it_has_addresses_for_whatever_its_type() -> None:
    """A type with two CPUs has three interfaces with ten places: the first interface and each one's own address are
    not for pods, any other place is for sixteen."""
    addresses = (3 - 1) * (10 - 1) * 16
    classes = [manifest for part, manifest in manifests().items() if part.endswith("-class")]
    assert {one["spec"]["kubelet"]["maxPods"] <= addresses for one in classes} == {True}
    assert requirement(manifests()["general-pool"], "karpenter.k8s.aws/instance-cpu") == ["1"]


def test_nothing_starts_on_a_node_before_the_cni() -> None:
    for part, manifest in manifests().items():
        if part.endswith("-pool"):
            taint = manifest["spec"]["template"]["spec"]["startupTaints"][0]
            assert taint["key"] == "node.cilium.io/agent-not-ready"


def test_nothing_starts_on_a_node_that_mig_manager_has_yet_to_cut() -> None:
    uncut = WHOLE.model_copy(update={"name": "uncut", "model": "L4-24GB"})
    made = pool_manifests(arguments(pools=[*EVERY, uncut]))
    guarded = {
        part
        for part, manifest in made.items()
        if part.endswith("-pool")
        for taint in manifest["spec"]["template"]["spec"]["startupTaints"]
        if taint["key"] == "mlops.platform/gpu-not-ready"
    }
    assert guarded == {f"{one.name}-pool" for one in EVERY}


def test_a_training_node_is_never_taken_from_a_run() -> None:
    spec = manifests()["whole-pool"]["spec"]
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmpty"
    assert spec["template"]["spec"]["expireAfter"] == "Never"


def test_what_needs_no_gpu_has_nodes_of_its_own() -> None:
    spec = manifests()["general-pool"]["spec"]
    assert "taints" not in spec["template"]["spec"]
    assert requirement(manifests()["general-pool"], "karpenter.k8s.aws/instance-category") == ["c", "m", "r"]
    assert spec["limits"] == {"cpu": "256"}


def test_a_pool_called_general_is_not_the_general_one() -> None:
    made = pool_manifests(arguments(pools=[pool("general-gpus")]))
    names = [(one["kind"], one["metadata"]["name"]) for one in made.values()]
    assert len(names) == len(set(names))


def test_pools_come_after_the_chart_that_brings_their_kinds() -> None:
    def make(opts: pulumi.ResourceOptions) -> None:
        _, provider = cast(list[pulumi.ProviderResource], opts.providers)
        chart = core.v1.ConfigMap("east-chart", opts=pulumi.ResourceOptions(provider=provider))
        KarpenterPools("east-pools", replace(arguments(), after=[chart]), opts)

    made = declared(make)
    assert all(
        "east-chart" in one.dependencies for name, one in made.items() if name.startswith("east-pools-")
    )
