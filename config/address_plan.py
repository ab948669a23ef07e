"""How a cluster's VPC is divided between its zones. Pure: ranges and zones in, ranges out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ZONES = 3

_NARROWEST = 28
"""EC2 makes no smaller subnet."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """Ranges by zone, none of which overlaps with another one; `cidr` and `pod_cidr` are what they are parts of.

    `private` holds a quarter of the range each, for nodes, endpoints and load balancers. `public` lies in the
    last quarter, is small, and only ever holds gateways of egress. `pods` holds a quarter each of the pods' range.
    """

    cidr: str
    pod_cidr: str
    private: Mapping[str, str]
    public: Mapping[str, str]
    pods: Mapping[str, str]


def address_plan(cidr: str, pod_cidr: str, zones: Sequence[str]) -> AddressPlan:
    """The plan of a VPC. A zone's ranges depend on its place in `zones`, so their order may never change.

    Raises ValueError unless there are exactly three zones and both ranges are /24 or wider.
    """
    network, pods = ipaddress.IPv4Network(cidr), ipaddress.IPv4Network(pod_cidr)
    if len(zones) != ZONES or max(network.prefixlen, pods.prefixlen) > 24:
        raise ValueError(
            f"{cidr} and {pod_cidr} with {len(zones)} zones: three zones and ranges of /24 or wider are needed"
        )
    *quarters, rest = network.subnets(prefixlen_diff=2)
    narrow = rest.subnets(new_prefix=min(_NARROWEST, network.prefixlen + 8))
    return AddressPlan(
        cidr=cidr,
        pod_cidr=pod_cidr,
        private={zone: str(block) for zone, block in zip(zones, quarters, strict=True)},
        public={zone: str(block) for zone, block in zip(zones, narrow, strict=False)},
        pods={zone: str(block) for zone, block in zip(zones, pods.subnets(prefixlen_diff=2), strict=False)},
    )
