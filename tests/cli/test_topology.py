from __future__ import annotations

from pathlib import Path

from cli.topology import lab_topology
from config.load import read

ROOT = Path(__file__).resolve().parents[2]


def test_every_lab_cluster_of_dev_gets_its_networks_and_a_node_for_each_machine() -> None:
    settings = read(ROOT, "dev")
    topology = lab_topology(settings)
    assert [cluster.name for cluster in topology.clusters] == [c.name for c in settings.clusters]
    for cluster, wanted in zip(topology.clusters, settings.clusters, strict=True):
        assert cluster.pod_cidr == str(wanted.network.pod_cidr)
        gpu_nodes = [node for node in cluster.nodes if "-system-" not in node.name]
        assert len(gpu_nodes) == sum(pool.nodes for pool in wanted.gpu_pools)


def test_a_gpu_node_offers_its_pool_and_keeps_others_away() -> None:
    east = lab_topology(read(ROOT, "dev")).cluster("east")
    node = next(n for n in east.nodes if n.name == "east-dev-a100-1")
    assert node.capacity["nvidia.com/mig-1g.10gb"] == "16"
    assert node.labels["nvidia.com/mig.config.state"] == "success"
    assert node.taints
