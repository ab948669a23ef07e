"""Formats: NVIDIA/mig-parted's `config.yaml` (v1) and NVIDIA/k8s-device-plugin's configuration file (v1)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.gpu.gpu_pool import device_plugin_config, device_plugin_config_map, mig_config_map
from components.manifest import NamespaceRef
from config.gpu import node_labels
from config.gpu_pool import GpuPool

NAMESPACE = NamespaceRef(name="gpu-operator", ready="gpu-operator")


def pool(name: str = "pool", model: str = "A100-80GB", **sharing: Any) -> GpuPool:
    data = {"name": name, "model": model, "purpose": "dev", "nodes": 1, "gpusPerNode": 8}
    return GpuPool.model_validate(data | ({"sharing": sharing} if sharing else {}))


MIXED = pool("mixed", strategy="mig", profiles={"1g.10gb": 3, "2g.20gb": 2})
SINGLE = pool("single", strategy="mig", profiles={"1g.10gb": 7})
WHOLE = pool("whole")
SLICED = pool("sliced", strategy="time-slicing", replicas=4)
MPS = pool("mps", strategy="mps", replicas=8)
EVERY = [MIXED, SINGLE, WHOLE, SLICED, MPS]


def mig_configs(*pools: GpuPool) -> dict[str, Any]:
    document = yaml.safe_load(mig_config_map(pools, NAMESPACE, {})["data"]["config.yaml"])
    assert document["version"] == "v1"
    configs: dict[str, Any] = document["mig-configs"]
    return configs


@pytest.mark.parametrize("one", EVERY, ids=lambda one: one.name)
def test_the_configuration_that_a_node_asks_for_exists(one: GpuPool) -> None:
    assert node_labels(one)["nvidia.com/mig.config"] in mig_configs(*EVERY)


def test_a_mig_pool_is_cut_as_its_settings_say() -> None:
    (entry,) = mig_configs(MIXED)[node_labels(MIXED)["nvidia.com/mig.config"]]
    assert entry == {"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb": 3, "2g.20gb": 2}}


@pytest.mark.parametrize("one", [WHOLE, SLICED, MPS], ids=lambda one: one.name)
def test_a_pool_without_mig_switches_mig_off(one: GpuPool) -> None:
    assert mig_configs(one)[node_labels(one)["nvidia.com/mig.config"]] == [
        {"devices": "all", "mig-enabled": False}
    ]


def test_pools_with_the_same_cut_share_one_configuration() -> None:
    again = pool("again", "H100-80GB", strategy="mig", profiles={"1g.10gb": 7})
    assert len(mig_configs(SINGLE, again)) == 1


def test_each_pool_has_a_device_plugin_configuration_of_its_own() -> None:
    assert list(device_plugin_config_map(EVERY, NAMESPACE, {})["data"]) == [one.name for one in EVERY]


@pytest.mark.parametrize(("one", "strategy"), [(MIXED, "mixed"), (SINGLE, "single"), (WHOLE, "none")])
def test_the_device_plugin_names_instances_as_the_node_labels_do(one: GpuPool, strategy: str) -> None:
    assert device_plugin_config(one) == {"version": "v1", "flags": {"migStrategy": strategy}}


@pytest.mark.parametrize(("one", "key", "replicas"), [(SLICED, "timeSlicing", 4), (MPS, "mps", 8)])
def test_a_shared_gpu_is_offered_so_many_times_and_only_one_share_per_container(
    one: GpuPool, key: str, replicas: int
) -> None:
    (given,) = device_plugin_config(one)["sharing"].items()
    assert given[0] == key
    assert given[1]["resources"] == [{"name": "nvidia.com/gpu", "replicas": replicas}]
    assert given[1]["failRequestsGreaterThanOne"] is True
    assert str(given[1]["resources"][0]["replicas"]) == node_labels(one)["nvidia.com/gpu.replicas"]
