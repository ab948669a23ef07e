"""How EC2 provides the nodes of GPU pools, and which pools it cannot provide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.aws_instances import INSTANCE_TYPES, counts_of, types_with
from config.closest import or_list
from config.gpu_models import GPU_MODELS
from config.gpu_pool import GpuPool, Mig
from config.types import MOST_NODES, Settings, matching, refusal

CapacityReservation = Annotated[
    str, *matching(r"cr-[0-9a-z]+", "use the id of a capacity reservation or block: 'cr-…'", longest=32)
]


class PoolCapacity(Settings):
    """How the nodes of one GPU pool are bought."""

    capacity: Literal["on-demand", "spot", "reserved"] = "on-demand"
    """`reserved` uses capacity reservations and capacity blocks, and nothing else."""
    reservations: tuple[CapacityReservation, ...] = ()
    """The reservations; needed with `reserved`, and refused otherwise."""
    max_nodes: Annotated[int, Field(strict=True, ge=1, le=MOST_NODES)] | None = None
    """Most nodes at a time; the pool's `nodes` unless it is given."""
    instance_types: tuple[str, ...] = ()
    """Types to choose from; all with the pool's model and number of GPUs unless it is given."""
    disk_gib: Annotated[int, Field(strict=True, ge=50, le=16384)] = 500
    """Size of each node's disk."""

    @model_validator(mode="after")
    def _reservations_must_fit(self) -> Self:
        if self.capacity == "reserved" and not self.reservations:
            raise refusal(
                "add the ids of the reservations: capacity 'reserved' buys nothing else",
                given="none",
                at="reservations",
            )
        if self.capacity != "reserved" and self.reservations:
            raise refusal(
                f"leave them out, or set capacity to 'reserved': capacity {self.capacity!r} does not use them",
                at="reservations",
                given=", ".join(map(repr, self.reservations)),
            )
        return self

    def most(self, pool: GpuPool) -> int:
        """How many nodes the pool grows to."""
        return self.max_nodes or pool.nodes


def instance_types(pool: GpuPool, capacity: PoolCapacity) -> tuple[str, ...]:
    """The types that a node of the pool may be."""
    return capacity.instance_types or types_with(pool.model, pool.gpus_per_node)


def check_pools(pools: Sequence[GpuPool], capacities: Mapping[str, PoolCapacity]) -> None:
    """Raises a refusal for a pool that EC2 cannot provide as its settings ask."""
    names = [pool.name for pool in pools]
    for name in capacities:
        if name not in names:
            remedy = or_list(name, names) if names else "leave it out, or add a pool"
            raise refusal(f"no GPU pool has that name: {remedy}", given=repr(name), at=f"aws.pools.{name}")
    for index, pool in enumerate(pools):
        capacity = capacities.get(pool.name, PoolCapacity())
        if not instance_types(pool, capacity):
            raise _unavailable(pool, index)
        for name in capacity.instance_types:
            _check_type(pool, name)
        if pool.nodes == 0 and capacity.max_nodes is None:
            raise refusal(
                "add it: the pool scales from nothing, and nothing says how far",
                given="not given",
                at=f"aws.pools.{pool.name}.maxNodes",
            )
        if capacity.max_nodes is not None and capacity.max_nodes < pool.nodes:
            raise refusal(
                f"use at least {pool.nodes}, the pool's nodes",
                given=str(capacity.max_nodes),
                at=f"aws.pools.{pool.name}.maxNodes",
            )


def _unavailable(pool: GpuPool, index: int) -> Exception:
    counts = counts_of(pool.model)
    if not counts:
        offered = sorted({one.model for one in INSTANCE_TYPES.values()})
        return refusal(
            f"EC2 has no instance with it: use one of {', '.join(offered)}",
            given=repr(pool.model),
            at=f"gpuPools.{index}.model",
        )
    listed = " or ".join(map(str, counts))
    return refusal(
        f"no instance has {pool.gpus_per_node} of {pool.model}: use {listed}",
        given=str(pool.gpus_per_node),
        at=f"gpuPools.{index}.gpusPerNode",
    )


def _check_type(pool: GpuPool, name: str) -> None:
    right, at = types_with(pool.model, pool.gpus_per_node), f"aws.pools.{pool.name}.instanceTypes"
    found = INSTANCE_TYPES.get(name)
    instead = (
        f"use {' or '.join(map(repr, right))}"
        if right
        else f"no type has {pool.gpus_per_node} of {pool.model}"
    )
    if found is None:
        raise refusal(f"it is no type with GPUs: {instead}", given=repr(name), at=at)
    if found.model != pool.model:
        lacks = _lacking(pool, found.model)
        raise refusal(
            f"it has {found.gpus} of {found.model}{lacks}: {instead}, the types with {pool.model}",
            given=repr(name),
            at=at,
        )
    if found.gpus != pool.gpus_per_node:
        raise refusal(
            f"it has {found.gpus} GPUs, not {pool.gpus_per_node}: {instead}", given=repr(name), at=at
        )


def _lacking(pool: GpuPool, model: str) -> str:
    """The first MIG profile of the pool that the model lacks, in words; "" if it lacks none."""
    if not isinstance(pool.sharing, Mig):
        return ""
    geometry = GPU_MODELS[model].mig
    missing = [one for one in pool.sharing.profiles if geometry is None or one not in geometry.by_name]
    return f", which lack MIG profile {missing[0]!r}" if missing else ""
