from __future__ import annotations

from components.cluster.node_group import SYSTEM_TAINT
from components.tolerations import SYSTEM_NODES


def test_it_is_the_taint_of_an_eks_clusters_first_nodes() -> None:
    assert (SYSTEM_NODES["key"], SYSTEM_NODES["effect"]) == (SYSTEM_TAINT["key"], SYSTEM_TAINT["effect"])
