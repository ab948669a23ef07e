"""What a pool hands out: whole GPUs, MIG instances or shares, each a resource with a number and a price.

Resource names are those of the device plugin (NVIDIA/k8s-device-plugin, README, "Configuration Option Details").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from config.gpu_pool import GpuPool, Mig, Mps, TimeSlicing
from config.mig import Profile

GPU = "nvidia.com/gpu"
SHARED_GPU = "nvidia.com/gpu.shared"

WHOLE = "whole"
SHARED = "shared"
"""Kinds besides the MIG profiles."""


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One kind of what a pool's nodes offer.

    `kind` is a MIG profile, `whole` or `shared`; `per_node` is how many of them a node has, and `gpus` the part of
    a GPU that one of them pays for: the parts of all that a GPU is cut into make 1.
    """

    kind: str
    resource: str
    per_node: int
    gpus: Fraction

    @property
    def most_per_container(self) -> int:
        """A share is one access to a GPU and no fraction of it: the device plugin gives a container only one."""
        return 1 if self.kind == SHARED else self.per_node


def slices(pool: GpuPool) -> tuple[Slice, ...]:
    """Everything that one node of the pool offers, smallest first."""
    sharing, gpus = pool.sharing, pool.gpus_per_node
    if isinstance(sharing, Mig):
        cut = instances(pool)
        taken = sum(profile.size * count for profile, count in cut)
        return tuple(
            Slice(
                kind=profile.name,
                resource=GPU if sharing.mig_strategy == "single" else profile.resource,
                per_node=gpus * count,
                gpus=Fraction(profile.size, taken),
            )
            for profile, count in cut
        )
    if isinstance(sharing, TimeSlicing | Mps):
        resource = SHARED_GPU if sharing.rename_by_default else GPU
        share = Fraction(1, sharing.replicas)
        return (Slice(kind=SHARED, resource=resource, per_node=gpus * sharing.replicas, gpus=share),)
    return (Slice(kind=WHOLE, resource=GPU, per_node=gpus, gpus=Fraction(1)),)


def instances(pool: GpuPool) -> list[tuple[Profile, int]]:
    """Profiles and instances per GPU, smallest first; empty unless the pool is cut by MIG."""
    geometry = pool.gpu.mig
    if geometry is None or not isinstance(pool.sharing, Mig):
        return []
    wanted = pool.sharing.profiles
    return [(profile, wanted[profile.name]) for profile in geometry.profiles if profile.name in wanted]


def offered(pools: Iterable[GpuPool]) -> tuple[str, ...]:
    """Every GPU resource that any of the pools has, sorted: what a pod may ask for, and nothing else."""
    return tuple(sorted({one.resource for pool in pools for one in slices(pool)}))


def price_per_hour(pool: GpuPool, one: Slice) -> Decimal | None:
    """What a slice of the pool costs in an hour, in the currency of the pool's price; None without a price."""
    if pool.price_per_gpu_hour is None:
        return None
    return pool.price_per_gpu_hour * one.gpus.numerator / one.gpus.denominator
