from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from config.gpu_models import GPU_MODELS
from config.gpu_pool import GpuPool
from config.gpu_slices import offered, price_per_hour, slices


def pool(model: str = "A100-80GB", gpus: int = 8, price: object = None, **sharing: Any) -> GpuPool:
    data = {"name": "pool", "model": model, "purpose": "dev", "nodes": 1, "gpusPerNode": gpus}
    return GpuPool.model_validate(
        {**data, "pricePerGpuHour": price, "sharing": sharing or {"strategy": "whole"}}
    )


def every_cut() -> list[GpuPool]:
    return [
        pool(name, strategy="mig", profiles=mix)
        for name, model in GPU_MODELS.items()
        if model.mig
        for mix in model.mig.mixes()
    ]


def test_the_parts_that_a_gpu_is_cut_into_make_one_gpu_whatever_the_cut() -> None:
    for cut in [*every_cut(), pool(), pool(strategy="mps", replicas=7)]:
        assert sum(one.gpus * one.per_node for one in slices(cut)) == cut.gpus_per_node, cut


def test_a_slice_is_named_for_its_profile_also_where_its_resource_is_not() -> None:
    (single,) = slices(pool("B200-180GB", strategy="mig", profiles={"1g.23gb": 7}))
    assert (single.kind, single.resource, single.per_node) == ("1g.23gb", "nvidia.com/gpu", 56)
    mixed = slices(pool(strategy="mig", profiles={"3g.40gb": 1, "1g.10gb": 4}))
    assert [(one.kind, one.resource) for one in mixed] == [
        ("1g.10gb", "nvidia.com/mig-1g.10gb"),
        ("3g.40gb", "nvidia.com/mig-3g.40gb"),
    ]


def test_a_container_gets_one_share_and_as_many_slices_as_a_node_has() -> None:
    assert slices(pool(strategy="time-slicing", replicas=4))[0].most_per_container == 1
    assert slices(pool(gpus=4))[0].most_per_container == 4


def test_a_slice_costs_its_part_of_the_gpu_it_is_cut_from() -> None:
    cut = pool(price=8, strategy="mig", profiles={"1g.10gb": 4, "3g.40gb": 1})
    small, large = slices(cut)
    assert (small.gpus, large.gpus) == (Fraction(1, 8), Fraction(1, 2))
    assert (price_per_hour(cut, small), price_per_hour(cut, large)) == (Decimal(1), Decimal(4))
    assert price_per_hour(pool(price=2.5), slices(pool())[0]) == Decimal("2.5")


def test_without_a_price_nothing_has_one() -> None:
    assert price_per_hour(pool(), slices(pool())[0]) is None


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ([], ()),
        ([pool(), pool("H100-80GB")], ("nvidia.com/gpu",)),
        ([pool(strategy="time-slicing", replicas=4), pool()], ("nvidia.com/gpu", "nvidia.com/gpu.shared")),
    ],
)
def test_what_is_offered_is_each_resource_once(pools: list[GpuPool], expected: tuple[str, ...]) -> None:
    assert offered(pools) == expected
