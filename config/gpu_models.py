"""The one table of GPU models: what a node reports of them and how MIG cuts them.

Sources: NVIDIA Multi-Instance GPU User Guide, "Supported MIG Profiles" (profiles, instances available) and
"Getting Started with MIG" (`nvidia-smi mig -lgip`: SMs, memory, engines; `-lgipp`: placements); the same
profile names and counts stand in NVIDIA/mig-parted `deployments/systemd/config-default.yaml`. Product names
are NVML's with '-' for ' ', as GPU feature discovery writes them. The memory of an instance differs by about
one per cent between driver versions; read off real nodes are A100-80GB `1g` and `2g`, H100-80GB `1g` and `2g`
and H100-94GB `1g`, the others only inform and no decision rests on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from config.mig import Geometry, Profile


@dataclass(frozen=True, kw_only=True)
class GpuModel:
    """One GPU model. `memory` is NVML's total in MiB; the host's share is per GPU."""

    name: str
    product: str
    family: str
    compute: tuple[int, int]
    memory: int
    host_cpus: int
    host_memory_gib: int
    mig: Geometry | None = None


_ONE = (0, 1, 2, 3, 4, 5, 6)
_Row = tuple[str, int | None, int | None, int, int, int, int]
"""Name, memory in MiB, SMs, copy engines, decoders, JPEG engines, OFA engines."""


def _seven(*rows: _Row) -> Geometry:
    """The geometry of A100 and later: seven compute and eight memory slices.

    The rows stand in the guide's order: 1g, 1g+me, 1g with double memory, 2g, 3g, 4g, 7g.
    """
    places = (
        (1, _ONE, 1, 7),
        (1, _ONE, 1, 1),
        (1, (0, 2, 4, 6), 2, 4),
        (2, (0, 2, 4), 2, 3),
        (3, (0, 4), 4, 2),
        (4, (0,), 4, 1),
        (7, (0,), 8, 1),
    )
    return Geometry(
        memory_slices=8,
        profiles=tuple(_profile(row, *place) for row, place in zip(rows, places, strict=True)),
    )


def _profile(row: _Row, slices: int, starts: tuple[int, ...], size: int, most: int) -> Profile:
    name, memory, multiprocessors, copy_engines, decoders, jpeg, ofa = row
    return Profile(
        name=name,
        slices=slices,
        starts=starts,
        size=size,
        most=most,
        memory=memory,
        multiprocessors=multiprocessors,
        copy_engines=copy_engines,
        decoders=decoders,
        jpeg=jpeg,
        ofa=ofa,
    )


_A30 = Geometry(
    memory_slices=4,
    profiles=(
        _profile(("1g.6gb", 5952, 14, 1, 0, 0, 0), 1, (0, 1, 2, 3), 1, 4),
        _profile(("1g.6gb+me", 5952, 14, 1, 1, 1, 1), 1, (0, 1, 2, 3), 1, 1),
        _profile(("2g.12gb", 12032, 28, 2, 2, 0, 0), 2, (0, 2), 2, 2),
        _profile(("2g.12gb+me", 12032, 28, 2, 2, 1, 1), 2, (0, 2), 2, 1),
        _profile(("4g.24gb", 24192, 56, 4, 4, 1, 1), 4, (0,), 4, 1),
    ),
)
_A100_40 = _seven(
    ("1g.5gb", 4864, 14, 1, 0, 0, 0),
    ("1g.5gb+me", 4864, 14, 1, 1, 1, 1),
    ("1g.10gb", 9856, 14, 1, 1, 0, 0),
    ("2g.10gb", 9856, 28, 2, 1, 0, 0),
    ("3g.20gb", 19968, 42, 3, 2, 0, 0),
    ("4g.20gb", 19968, 56, 4, 2, 0, 0),
    ("7g.40gb", 40192, 98, 7, 5, 1, 1),
)
_A100_80 = _seven(
    ("1g.10gb", 9728, 14, 1, 0, 0, 0),
    ("1g.10gb+me", 9728, 14, 1, 1, 1, 1),
    ("1g.20gb", 19968, 14, 1, 1, 0, 0),
    ("2g.20gb", 19968, 28, 2, 1, 0, 0),
    ("3g.40gb", 40192, 42, 3, 2, 0, 0),
    ("4g.40gb", 40192, 56, 4, 2, 0, 0),
    ("7g.80gb", 80896, 98, 7, 5, 1, 1),
)
_H100_80 = _seven(
    ("1g.10gb", 9984, 16, 1, 1, 1, 0),
    ("1g.10gb+me", 9984, 16, 1, 1, 1, 1),
    ("1g.20gb", 20096, 26, 1, 1, 1, 0),
    ("2g.20gb", 20096, 32, 2, 2, 2, 0),
    ("3g.40gb", 40320, 60, 3, 3, 3, 0),
    ("4g.40gb", 40320, 64, 4, 4, 4, 0),
    ("7g.80gb", 80896, 132, 8, 7, 7, 1),
)
_H100_94 = _seven(
    ("1g.12gb", 11008, 16, 1, 1, 1, 0),
    ("1g.12gb+me", 11008, 16, 1, 1, 1, 1),
    ("1g.24gb", 22400, 26, 1, 1, 1, 0),
    ("2g.24gb", 22400, 32, 2, 2, 2, 0),
    ("3g.47gb", 47488, 60, 3, 3, 3, 0),
    ("4g.47gb", 47488, 64, 4, 4, 4, 0),
    ("7g.94gb", 95232, 132, 8, 7, 7, 1),
)
_H200_141 = _seven(
    ("1g.18gb", 16384, 16, 1, 1, 1, 0),
    ("1g.18gb+me", 16384, 16, 1, 1, 1, 1),
    ("1g.35gb", 33280, 26, 1, 1, 1, 0),
    ("2g.35gb", 33280, 32, 2, 2, 2, 0),
    ("3g.71gb", 71680, 60, 3, 3, 3, 0),
    ("4g.71gb", 71680, 64, 4, 4, 4, 0),
    ("7g.141gb", 143360, 132, 8, 7, 7, 1),
)
_B200_180 = _seven(
    ("1g.23gb", 20992, None, 2, 1, 1, 0),
    ("1g.23gb+me", None, None, 2, 1, 1, 1),
    ("1g.45gb", None, None, 2, 1, 1, 0),
    ("2g.45gb", None, None, 3, 1, 1, 0),
    ("3g.90gb", None, None, 6, 1, 1, 0),
    ("4g.90gb", None, None, 8, 1, 1, 0),
    ("7g.180gb", None, None, 16, 1, 1, 1),
)

_MODELS = (
    GpuModel(
        name="A30-24GB",
        product="NVIDIA-A30",
        family="ampere",
        compute=(8, 0),
        memory=24576,
        host_cpus=12,
        host_memory_gib=96,
        mig=_A30,
    ),
    GpuModel(
        name="A100-40GB",
        product="NVIDIA-A100-SXM4-40GB",
        family="ampere",
        compute=(8, 0),
        memory=40960,
        host_cpus=12,
        host_memory_gib=144,
        mig=_A100_40,
    ),
    GpuModel(
        name="A100-80GB",
        product="NVIDIA-A100-SXM4-80GB",
        family="ampere",
        compute=(8, 0),
        memory=81920,
        host_cpus=12,
        host_memory_gib=144,
        mig=_A100_80,
    ),
    GpuModel(
        name="H100-80GB",
        product="NVIDIA-H100-80GB-HBM3",
        family="hopper",
        compute=(9, 0),
        memory=81559,
        host_cpus=24,
        host_memory_gib=256,
        mig=_H100_80,
    ),
    GpuModel(
        name="H100-94GB",
        product="NVIDIA-H100-NVL",
        family="hopper",
        compute=(9, 0),
        memory=95830,
        host_cpus=24,
        host_memory_gib=256,
        mig=_H100_94,
    ),
    GpuModel(
        name="H200-141GB",
        product="NVIDIA-H200",
        family="hopper",
        compute=(9, 0),
        memory=143771,
        host_cpus=24,
        host_memory_gib=256,
        mig=_H200_141,
    ),
    GpuModel(
        name="B200-180GB",
        product="NVIDIA-B200",
        family="blackwell",
        compute=(10, 0),
        memory=183359,
        host_cpus=24,
        host_memory_gib=256,
        mig=_B200_180,
    ),
    GpuModel(
        name="L4-24GB",
        product="NVIDIA-L4",
        family="ada-lovelace",
        compute=(8, 9),
        memory=23034,
        host_cpus=12,
        host_memory_gib=48,
    ),
    GpuModel(
        name="L40S-48GB",
        product="NVIDIA-L40S",
        family="ada-lovelace",
        compute=(8, 9),
        memory=46068,
        host_cpus=24,
        host_memory_gib=192,
    ),
    GpuModel(
        name="T4-16GB",
        product="Tesla-T4",
        family="turing",
        compute=(7, 5),
        memory=15360,
        host_cpus=12,
        host_memory_gib=48,
    ),
)

GPU_MODELS = MappingProxyType({model.name: model for model in _MODELS})
"""Every model that a pool may name, by that name."""
