from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cli.review_gpus import Pool, pool_changes


def settings(*pools: dict[str, Any]) -> dict[str, Any]:
    return {"clusters": [{"name": "east", "gpuPools": list(pools)}]}


def pool(nodes: object = 2, **more: Any) -> dict[str, Any]:
    return {
        "name": "train", "model": "H100-80GB", "purpose": "training", "nodes": nodes, "gpusPerNode": 8, **more
    }  # fmt: skip


def test_equal_pools_are_no_change() -> None:
    assert pool_changes(settings(pool()), settings(pool())) == []


def test_more_nodes_are_more_gpus_and_cost_what_the_settings_say() -> None:
    (one,) = pool_changes(settings(pool(2, pricePerGpuHour=2.5)), settings(pool(3, pricePerGpuHour=2.5)))
    assert (one.cluster, one.name, one.before.gpus, one.after.gpus) == ("east", "train", 16, 24)
    assert one.after.offered == {"nvidia.com/gpu": 24}
    assert one.price == Decimal(20)


@pytest.mark.parametrize("price", [None, "much"])
def test_without_a_price_the_difference_is_not_known(price: object) -> None:
    (one,) = pool_changes(settings(pool(2, pricePerGpuHour=1)), settings(pool(3, pricePerGpuHour=price)))
    assert one.price is None


def test_another_cut_offers_other_slices_of_the_same_gpus() -> None:
    cut = {"strategy": "mig", "profiles": {"1g.10gb": 7}, "layout": "mixed"}
    (one,) = pool_changes(settings(pool()), settings(pool(sharing=cut)))
    assert one.before.gpus == one.after.gpus == 16
    assert one.after.offered == {"nvidia.com/mig-1g.10gb": 112}


def test_a_new_pool_comes_from_nothing_and_a_removed_one_goes_to_nothing() -> None:
    (new,) = pool_changes(settings(), settings(pool(pricePerGpuHour=1)))
    assert (new.before, new.after.gpus, new.price) == (Pool(), 16, Decimal(16))
    (gone,) = pool_changes(settings(pool(pricePerGpuHour=1)), {})
    assert (gone.after, gone.price) == (Pool(), Decimal(-16))


@pytest.mark.parametrize(
    "before",
    [
        settings({"name": "old", "cards": 3}),
        {"clusters": {"east": {"gpuPools": [pool()]}}},
        {"clusters": "east"},
        {"clusters": ["east"]},
        {"clusters": [{"name": "east", "gpuPools": {"train": pool()}}]},
        {"clusters": [{"name": "east", "gpuPools": ["train", None, 3]}]},
        {"clusters": [{"name": "east", "gpuPools": 3}]},
        settings(pool(nodes=[]), pool(sharing={"strategy": "mig", "profiles": []})),
    ],
)
def test_what_a_revision_of_another_shape_has_for_pools_is_left_out(before: dict[str, Any]) -> None:
    (new,) = pool_changes(before, settings(pool(nodes=3)))
    assert (new.before, new.after.gpus) == (Pool(), 24)
