from __future__ import annotations

from pathlib import Path

from benchmarks.gpu import NODES, estate
from config.gpu_fit import Wanted, fit, nodes_of
from config.load import read


def test_the_estate_has_that_many_nodes_of_the_pool_that_is_asked_for(tmp_path: Path) -> None:
    clusters = read(estate(tmp_path / "gpu"), "bench").clusters
    answer = fit(clusters, list(nodes_of(clusters)), Wanted(kind="1g.10gb", count=3))
    assert answer.able == NODES
