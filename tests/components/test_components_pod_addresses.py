"""The part of Cilium's values that says where pods have their addresses from."""

from __future__ import annotations

import ipaddress

import pytest

from components.network.pod_addresses import Overlay, VpcInterfaces, address_values, pod_ranges
from tests.upstream_charts import defaults, needs_charts

IN_VPC = VpcInterfaces(subnet_tags={"cilium.io/pods": "east"}, tags={"kubernetes.io/cluster/east": "owned"})


@pytest.mark.parametrize(
    ("cidr", "size"), [("10.0.0.0/8", 24), ("10.64.0.0/14", 24), ("10.1.0.0/18", 24), ("10.1.0.0/24", 28)]
)
def test_every_node_gets_a_part_of_the_clusters_own_range(cidr: str, size: int) -> None:
    found = pod_ranges(cidr)
    assert found == {"clusterPoolIPv4PodCIDRList": [cidr], "clusterPoolIPv4MaskSize": size}
    assert len(list(ipaddress.ip_network(cidr).subnets(new_prefix=size))) >= 16


def test_an_overlay_asks_nothing_of_the_network_around_it() -> None:
    found = address_values(Overlay(cidr="10.64.0.0/14"))
    assert (found["routingMode"], found["tunnelProtocol"]) == ("tunnel", "vxlan")
    assert found["ipam"] == {"mode": "cluster-pool", "operator": pod_ranges("10.64.0.0/14")}


def test_in_a_vpc_pods_have_addresses_of_its_interfaces_and_keep_them() -> None:
    found = address_values(IN_VPC)
    assert (found["routingMode"], found["ipam"]) == ("native", {"mode": "eni"})
    assert found["eni"]["enabled"] is True
    assert found["enableIPv4Masquerade"] is False, "the node's address is not the pod's"
    assert "tunnelProtocol" not in found


def test_addresses_come_as_prefixes_from_the_pods_subnets_alone() -> None:
    """The first interface lies in the nodes' subnet."""
    eni = address_values(IN_VPC)["eni"]
    assert eni["awsEnablePrefixDelegation"] is True
    assert eni["nodeSpec"] == {"firstInterfaceIndex": 1, "subnetTags": ["cilium.io/pods=east"]}


def test_every_interface_says_whose_it_is() -> None:
    assert address_values(IN_VPC)["eni"]["eniTags"] == {"kubernetes.io/cluster/east": "owned"}


@needs_charts
def test_cilium_sees_the_first_interface_whose_groups_the_others_get() -> None:
    eni = {**defaults("cilium")["eni"], **address_values(IN_VPC)["eni"]}
    node = {**eni["nodeSpec"], **address_values(IN_VPC)["eni"]["nodeSpec"]}
    assert eni["subnetTagsFilter"] == eni["subnetIDsFilter"] == eni["instanceTagsFilter"] == []
    assert defaults("cilium")["eni"]["nodeSpec"].keys() >= node.keys()
    assert "securityGroups" not in node
