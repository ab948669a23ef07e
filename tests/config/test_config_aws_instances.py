"""The table against what DescribeInstanceTypes answered when the AWS emulator recorded it."""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib import resources
from typing import Any

import pytest

from config.aws_instances import INSTANCE_TYPES, counts_of, types_with
from config.gpu_models import GPU_MODELS


@cache
def described() -> dict[str, Any]:
    packed = resources.files("moto.ec2").joinpath("resources", "instance_types.json.gz").read_bytes()
    found: dict[str, Any] = json.loads(gzip.decompress(packed))
    return found


def test_every_type_has_the_gpus_that_ec2_says() -> None:
    for name, mine in INSTANCE_TYPES.items():
        (gpu,) = described()[name]["GpuInfo"]["Gpus"]
        assert (gpu["Count"], gpu["Manufacturer"]) == (mine.gpus, "NVIDIA"), name
        assert gpu["Name"] == mine.model.partition("-")[0], name
        # EC2 gives the memory as it is sold or as NVML reports it; models of one name differ by far more.
        assert gpu["MemoryInfo"]["SizeInMiB"] == pytest.approx(GPU_MODELS[mine.model].memory, rel=0.07), name


def test_no_type_with_a_known_model_is_forgotten() -> None:
    models = {(model.partition("-")[0], round(GPU_MODELS[model].memory / 16384)) for model in GPU_MODELS}
    for name, facts in described().items():
        for gpu in facts.get("GpuInfo", {}).get("Gpus", ()):
            known = (gpu["Name"], round(gpu["MemoryInfo"]["SizeInMiB"] / 16384)) in models
            if known and gpu.get("Count", 0) >= 1 and gpu["Manufacturer"] == "NVIDIA":
                assert name in INSTANCE_TYPES


def test_every_model_is_one_of_ours() -> None:
    assert {one.model for one in INSTANCE_TYPES.values()} <= GPU_MODELS.keys()


def test_types_are_found_by_model_and_number() -> None:
    assert types_with("H100-80GB", 8) == ("p5.48xlarge",)
    assert types_with("H100-80GB", 3) == types_with("A30-24GB", 1) == ()
    assert counts_of("H100-80GB") == (1, 8)
    assert counts_of("A30-24GB") == ()
