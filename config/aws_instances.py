"""The one table of EC2 instance types with NVIDIA GPUs: which model, and how many of them.

Source: AWS, "Amazon EC2 instance types: Accelerated computing" (families P4 to P6-B200, G4dn, G6, Gr6,
G6e); the test compares it with the answers of DescribeInstanceTypes that the AWS emulator carries. Fractions of a
GPU (G6f, Gr6f) are left out: nothing here can share them. EC2 has no A30 and no H100 NVL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """`model` is a key of `config.gpu_models.GPU_MODELS`."""

    name: str
    model: str
    gpus: int


_TABLE: Mapping[str, Mapping[int, tuple[str, ...]]] = {
    "A100-40GB": {8: ("p4d.24xlarge",)},
    "A100-80GB": {8: ("p4de.24xlarge",)},
    "H100-80GB": {1: ("p5.4xlarge",), 8: ("p5.48xlarge",)},
    "H200-141GB": {8: ("p5e.48xlarge", "p5en.48xlarge")},
    "B200-180GB": {8: ("p6-b200.48xlarge",)},
    "L4-24GB": {
        1: (
            *("g6.xlarge", "g6.2xlarge", "g6.4xlarge", "g6.8xlarge", "g6.16xlarge"),
            *("gr6.4xlarge", "gr6.8xlarge"),
        ),
        4: ("g6.12xlarge", "g6.24xlarge"),
        8: ("g6.48xlarge",),
    },
    "L40S-48GB": {
        1: ("g6e.xlarge", "g6e.2xlarge", "g6e.4xlarge", "g6e.8xlarge", "g6e.16xlarge"),
        4: ("g6e.12xlarge", "g6e.24xlarge"),
        8: ("g6e.48xlarge",),
    },
    "T4-16GB": {
        1: ("g4dn.xlarge", "g4dn.2xlarge", "g4dn.4xlarge", "g4dn.8xlarge", "g4dn.16xlarge"),
        4: ("g4dn.12xlarge",),
        8: ("g4dn.metal",),
    },
}

INSTANCE_TYPES: Mapping[str, InstanceType] = MappingProxyType(
    {
        name: InstanceType(name=name, model=model, gpus=gpus)
        for model, by_count in _TABLE.items()
        for gpus, names in by_count.items()
        for name in names
    }
)
"""Every type by its name."""


def types_with(model: str, gpus: int) -> tuple[str, ...]:
    """The types with exactly so many GPUs of that model; empty where there is none."""
    return _TABLE.get(model, {}).get(gpus, ())


def counts_of(model: str) -> tuple[int, ...]:
    """How many GPUs of that model an instance can have; empty for a model that EC2 does not offer."""
    return tuple(_TABLE.get(model, {}))
