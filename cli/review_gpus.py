"""How a change of the settings changes the GPUs that a stack has, and what they cost. Pure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from config.gpu import allocatable
from config.gpu_pool import GpuPool

PRICE = "pricePerGpuHour"
"""The key of a pool that says what one of its GPUs costs in an hour, in the one currency of the stack."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What a pool has: GPUs at its starting size, and the resources that its nodes offer, by name and number."""

    gpus: int = 0
    offered: Mapping[str, int] = field(default_factory=dict)
    price: Decimal | None = Decimal(0)
    """All its GPUs in an hour; None where the settings give no price."""


@dataclass(frozen=True, kw_only=True)
class PoolChange:
    """A pool at both revisions; one of the two is empty where the other makes it or takes it away."""

    cluster: str
    name: str
    before: Pool
    after: Pool

    @property
    def price(self) -> Decimal | None:
        """How much more it costs in an hour; None where a price is not known."""
        if self.before.price is None or self.after.price is None:
            return None
        return self.after.price - self.before.price


def pool_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[PoolChange]:
    """The pools that differ between two settings, as the stack's file has them, by cluster and name."""
    old, new = dict(_pools(before)), dict(_pools(after))
    return [
        PoolChange(cluster=key[0], name=key[1], before=old.get(key, Pool()), after=new.get(key, Pool()))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


def _pools(settings: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Pool]]:
    """A revision may have settings of another shape: what this one does not take for a pool is left out."""
    for cluster in _mappings(settings, "clusters"):
        for given in _mappings(cluster, "gpuPools"):
            if (pool := _read(given)) is not None:
                yield (str(cluster.get("name", "")), pool.name), _pool(pool)


def _mappings(settings: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = settings.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _read(given: Mapping[str, Any]) -> GpuPool | None:
    """The pool; without its price where that alone is no price. Keys that a pool does not have are passed over."""
    known = {key: value for key, value in given.items() if key in _KNOWN}
    for taken in (known, {key: value for key, value in known.items() if key != PRICE}):
        with contextlib.suppress(ValidationError):
            return GpuPool.model_validate(taken)
    return None


def _pool(pool: GpuPool) -> Pool:
    gpus, price = pool.nodes * pool.gpus_per_node, pool.price_per_gpu_hour
    return Pool(
        gpus=gpus,
        offered={name: pool.nodes * int(count) for name, count in allocatable(pool).items()},
        price=None if price is None else price * gpus,
    )


_KNOWN = frozenset(field.alias or name for name, field in GpuPool.model_fields.items())
