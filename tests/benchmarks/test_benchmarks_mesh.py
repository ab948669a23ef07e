from __future__ import annotations

from pathlib import Path

import pytest
from rich.table import Table

from benchmarks.mesh import SIZES, count, secrets


@pytest.mark.parametrize(("clusters", "full", "spokes"), [(2, 2, 2), (10, 90, 34), (50, 2450, 194)])
def test_with_full_remote_secrets_grow_with_the_square_and_with_hubs_they_do_not(
    clusters: int, full: int, spokes: int
) -> None:
    assert secrets("full", clusters) == full
    assert secrets("hub-and-spoke", clusters) == spokes


def test_the_table_has_both_topologies_of_every_size() -> None:
    table = Table("what", "figure", "target")
    count(Path(), 1, table)
    assert table.row_count == 2 * len(SIZES) + 1
