from __future__ import annotations

import pytest

from lab.errors import TopologyError
from lab.topology import Cluster, Node, Topology


def cluster(name: str, pods: str = "10.0.0.0/16", services: str = "10.1.0.0/16", *nodes: str) -> Cluster:
    made = tuple(Node(name=node) for node in nodes)
    return Cluster(name=name, pod_cidr=pods, service_cidr=services, nodes=made)


def test_a_sound_topology_is_accepted_and_finds_its_clusters() -> None:
    topology = Topology(clusters=(cluster("east"), cluster("west", "10.2.0.0/16", "10.3.0.0/16")))
    assert topology.cluster("west").pod_cidr == "10.2.0.0/16"
    with pytest.raises(TopologyError, match="choose one of east, west"):
        topology.cluster("north")


def test_all_contradictions_are_named_at_once() -> None:
    with pytest.raises(TopologyError) as refused:
        Topology(
            clusters=(
                cluster("east", "10.0.0.0/16", "10.0.5.0/24", "n1", "n1"),
                cluster("east", "10.9.0.0/16", "nonsense"),
                cluster("West"),
            )
        )
    text = str(refused.value)
    twice = ("'east' is given twice", "node 'n1' is given twice")
    for part in (*twice, "10.0.5.0/24 overlaps", "nonsense", "'West'"):
        assert part in text, part


def test_a_lab_without_a_cluster_is_refused() -> None:
    with pytest.raises(TopologyError, match="no cluster"):
        Topology(clusters=())
