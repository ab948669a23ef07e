"""Expected labels are copied from nodes and documents of NVIDIA's GPU operator, not from the code."""

from __future__ import annotations

import re
from typing import Any

import pytest

from config.gpu import allocatable, capacity, mig_config, node_labels, node_taints
from config.gpu_models import GPU_MODELS
from config.gpu_pool import GpuPool

LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def pool(
    model: str, sharing: dict[str, Any] | None = None, *, gpus: int = 8, purpose: str = "dev"
) -> GpuPool:
    data: dict[str, Any] = {"name": "pool", "model": model, "purpose": purpose, "nodes": 1}
    return GpuPool.model_validate({**data, "gpusPerNode": gpus, "sharing": sharing or {"strategy": "whole"}})


BALANCED = {"strategy": "mig", "profiles": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}}


def test_whole_gpus_are_offered_one_by_one() -> None:
    assert allocatable(pool("H100-80GB")) == {"nvidia.com/gpu": "8"}


def test_a_whole_h100_node_has_the_labels_that_the_operator_gives_it() -> None:
    labels = node_labels(pool("H100-80GB", purpose="training"))
    assert {
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
        "nvidia.com/gpu.count": "8",
        "nvidia.com/gpu.memory": "81559",
        "nvidia.com/gpu.family": "hopper",
        "nvidia.com/gpu.compute.major": "9",
        "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.sharing-strategy": "none",
        "nvidia.com/mig.capable": "true",
        "nvidia.com/mig.config": "all-disabled",
        "nvidia.com/mig.config.state": "success",
        "nvidia.com/mig.strategy": "single",
        "nvidia.com/mps.capable": "false",
        "nvidia.com/gpu.deploy.mig-manager": "true",
    }.items() <= labels.items()


def test_mig_mixed_offers_each_profile_under_its_own_name() -> None:
    assert allocatable(pool("A100-80GB", BALANCED)) == {
        "nvidia.com/mig-1g.10gb": "16",
        "nvidia.com/mig-2g.20gb": "8",
        "nvidia.com/mig-3g.40gb": "8",
    }


def test_a_mig_mixed_node_has_the_labels_of_each_profile() -> None:
    labels = node_labels(pool("A100-80GB", BALANCED, gpus=1))
    assert {
        "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB",
        "nvidia.com/gpu.count": "1",
        "nvidia.com/gpu.memory": "81920",
        "nvidia.com/gpu.replicas": "0",
        "nvidia.com/mig.strategy": "mixed",
        "nvidia.com/mig.config": "mlops-1g.10gb-2_2g.20gb-1_3g.40gb-1",
        "nvidia.com/mig-1g.10gb.count": "2",
        "nvidia.com/mig-1g.10gb.engines.copy": "1",
        "nvidia.com/mig-1g.10gb.engines.decoder": "0",
        "nvidia.com/mig-1g.10gb.engines.encoder": "0",
        "nvidia.com/mig-1g.10gb.engines.jpeg": "0",
        "nvidia.com/mig-1g.10gb.engines.ofa": "0",
        "nvidia.com/mig-1g.10gb.memory": "9728",
        "nvidia.com/mig-1g.10gb.multiprocessors": "14",
        "nvidia.com/mig-1g.10gb.product": "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb",
        "nvidia.com/mig-1g.10gb.replicas": "1",
        "nvidia.com/mig-1g.10gb.slices.ci": "1",
        "nvidia.com/mig-1g.10gb.slices.gi": "1",
        "nvidia.com/mig-2g.20gb.memory": "19968",
        "nvidia.com/mig-2g.20gb.multiprocessors": "28",
        "nvidia.com/mig-2g.20gb.slices.gi": "2",
    }.items() <= labels.items()


def test_mig_single_offers_instances_as_gpus() -> None:
    assert allocatable(pool("A100-40GB", {"strategy": "mig", "profiles": {"1g.5gb": 7}})) == {
        "nvidia.com/gpu": "56"
    }


def test_a_mig_single_node_describes_its_instances_in_place_of_its_gpus() -> None:
    labels = node_labels(pool("H100-80GB", {"strategy": "mig", "profiles": {"1g.10gb": 7}}, gpus=1))
    assert {
        "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3-MIG-1g.10gb",
        "nvidia.com/gpu.count": "7",
        "nvidia.com/gpu.memory": "9984",
        "nvidia.com/gpu.multiprocessors": "16",
        "nvidia.com/gpu.replicas": "1",
        "nvidia.com/gpu.slices.ci": "1",
        "nvidia.com/gpu.slices.gi": "1",
        "nvidia.com/mig.config": "mlops-1g.10gb-7",
        "nvidia.com/mig.strategy": "single",
    }.items() <= labels.items()
    assert not [key for key in labels if key.startswith("nvidia.com/mig-")]


def test_one_profile_can_have_a_resource_of_its_own_too() -> None:
    sharing = {"strategy": "mig", "layout": "mixed", "profiles": {"3g.20gb": 2}}
    assert allocatable(pool("A100-40GB", sharing)) == {"nvidia.com/mig-3g.20gb": "16"}


def test_shares_of_a_gpu_have_a_name_of_their_own_and_leave_the_product_as_it_is() -> None:
    sliced = pool("A100-40GB", {"strategy": "time-slicing", "replicas": 4}, gpus=4)
    assert allocatable(sliced) == {"nvidia.com/gpu.shared": "16"}
    assert {
        "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-40GB",
        "nvidia.com/gpu.count": "4",
        "nvidia.com/gpu.replicas": "4",
        "nvidia.com/gpu.sharing-strategy": "time-slicing",
    }.items() <= node_labels(sliced).items()


def test_shares_without_a_name_of_their_own_are_told_by_the_product() -> None:
    sharing = {"strategy": "mps", "replicas": 10, "renameByDefault": False}
    shared = pool("T4-16GB", sharing, gpus=4)
    assert allocatable(shared) == {"nvidia.com/gpu": "40"}
    assert {
        "nvidia.com/gpu.product": "Tesla-T4-SHARED",
        "nvidia.com/gpu.replicas": "10",
        "nvidia.com/gpu.sharing-strategy": "mps",
        "nvidia.com/mps.capable": "true",
        "nvidia.com/mig.capable": "false",
    }.items() <= node_labels(shared).items()


def test_a_node_names_its_device_plugin_configuration() -> None:
    assert node_labels(pool("L40S-48GB"))["nvidia.com/device-plugin.config"] == pool("L40S-48GB").name


def test_a_model_without_mig_has_no_mig_manager() -> None:
    labels = node_labels(pool("L40S-48GB"))
    assert "nvidia.com/gpu.deploy.mig-manager" not in labels
    assert "nvidia.com/mig.config" not in labels


@pytest.mark.parametrize(
    ("model", "profiles", "name"),
    [
        ("A100-40GB", {"1g.10gb": 4}, "mlops-1g.10gb-4"),
        ("A100-80GB", {"1g.10gb+me": 1}, "mlops-1g.10gb.me-1"),
        ("A30-24GB", {"2g.12gb": 1, "1g.6gb": 2}, "mlops-1g.6gb-2_2g.12gb-1"),
        ("A100-80GB", {"1g.10gb": 3}, "mlops-1g.10gb-3"),
        ("A100-80GB", {"2g.20gb": 1, "1g.20gb": 2}, "mlops-1g.20gb-2_2g.20gb-1"),
    ],
)
def test_a_mig_configuration_is_named_for_its_cut_whatever_the_order_in_the_settings(
    model: str, profiles: dict[str, int], name: str
) -> None:
    assert mig_config(pool(model, {"strategy": "mig", "profiles": profiles})) == name


def test_a_profile_with_media_engines_has_a_name_that_a_resource_may_have() -> None:
    media = pool("A100-80GB", {"strategy": "mig", "profiles": {"1g.10gb+me": 1, "1g.10gb": 6}})
    assert allocatable(media) == {"nvidia.com/mig-1g.10gb": "48", "nvidia.com/mig-1g.10gb.me": "8"}
    product = node_labels(media)["nvidia.com/mig-1g.10gb.me.product"]
    assert product == "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb.me"


def test_nodes_keep_away_what_asks_for_no_gpu_and_what_has_another_purpose() -> None:
    assert node_taints(pool("H100-80GB", purpose="training")) == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "mlops.platform/purpose", "value": "training", "effect": "NoSchedule"},
    ]


def test_a_node_has_its_host_besides_its_gpus() -> None:
    assert capacity(pool("A100-80GB")) == {
        "cpu": "96",
        "memory": "1152Gi",
        "ephemeral-storage": "1000Gi",
        "pods": "110",
        "nvidia.com/gpu": "8",
    }


def every_kind_of_pool() -> list[GpuPool]:
    pools = []
    for name, model in GPU_MODELS.items():
        pools.append(pool(name))
        pools.append(pool(name, {"strategy": "time-slicing", "replicas": 48}))
        pools.append(pool(name, {"strategy": "mps", "replicas": 2, "renameByDefault": False}))
        for mix in model.mig.mixes() if model.mig else ():
            pools.append(pool(name, {"strategy": "mig", "profiles": mix}, gpus=16))
    return pools


def test_every_label_of_every_possible_pool_is_one_that_kubernetes_takes() -> None:
    for each in every_kind_of_pool():
        for key, value in node_labels(each).items():
            assert LABEL_KEY.fullmatch(key), key
            assert LABEL_VALUE.fullmatch(value), f"{key}={value}"
        assert all(LABEL_KEY.fullmatch(resource) for resource in allocatable(each))
