"""Where pods have their addresses from: a range of Cilium's own, or interfaces in the cluster's VPC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A range that Cilium alone knows. Outside of the cluster nobody has a route to pods."""

    cidr: str


@dataclass(frozen=True, kw_only=True)
class VpcInterfaces:
    """Network interfaces of AWS, which Cilium adds to a node as its pods need them, in the subnets with all of
    `subnet_tags`. `tags` are on each of them. Whoever has a route to those subnets has one to pods."""

    subnet_tags: Mapping[str, str]
    tags: Mapping[str, str]


PodAddresses = Overlay | VpcInterfaces


def address_values(pods: PodAddresses) -> dict[str, Any]:
    """Cilium's part.

    In a VPC a node gets /28 prefixes, on interfaces besides its first one, whose subnet is the nodes'. Cilium's filter
    of subnets (`eni.subnetTagsFilter`) would hide that first one, and with it the security groups that the others get.
    A pod keeps its address wherever it goes: the VPC knows it, and NAT gateways take it for the internet.
    """
    if isinstance(pods, Overlay):
        ipam = {"mode": "cluster-pool", "operator": pod_ranges(pods.cidr)}
        return {"routingMode": "tunnel", "tunnelProtocol": "vxlan", "ipam": ipam}
    return {
        "routingMode": "native",
        "enableIPv4Masquerade": False,
        "ipam": {"mode": "eni"},
        "eni": {
            "enabled": True,
            "awsEnablePrefixDelegation": True,
            "eniTags": dict(pods.tags),
            "nodeSpec": {
                "firstInterfaceIndex": 1,
                "subnetTags": [f"{key}={value}" for key, value in pods.subnet_tags.items()],
            },
        },
    }


def pod_ranges(cidr: str) -> dict[str, Any]:
    """The pods' range and what each node gets of it: 254 addresses, fewer where the range is small."""
    prefix = IPv4Network(cidr).prefixlen
    size = 24 if prefix <= 18 else min(28, prefix + 6)
    return {"clusterPoolIPv4PodCIDRList": [cidr], "clusterPoolIPv4MaskSize": size}
