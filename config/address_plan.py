"""How a cluster's VPC is divided between its zones. Pure: a range and zones in, ranges out."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ZONES = 3

_NARROWEST = 28
"""EC2 makes no smaller subnet."""


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """Ranges by zone, none of which overlaps with another one.

    `private` holds a quarter of the range each, for nodes, endpoints and load balancers. `public` lies in the
    last quarter, is small, and only ever holds gateways of egress.
    """

    private: Mapping[str, str]
    public: Mapping[str, str]


def address_plan(cidr: str, zones: Sequence[str]) -> AddressPlan:
    """The plan of a VPC. A zone's range depends on its place in `zones`, so their order may never change.

    Raises ValueError unless there are exactly three zones and the range is /24 or wider.
    """
    network = ipaddress.IPv4Network(cidr)
    if len(zones) != ZONES or network.prefixlen > 24:
        raise ValueError(
            f"{cidr} with {len(zones)} zones: three zones and a range of /24 or wider are needed"
        )
    *quarters, rest = network.subnets(prefixlen_diff=2)
    narrow = rest.subnets(new_prefix=min(_NARROWEST, network.prefixlen + 8))
    return AddressPlan(
        private={zone: str(block) for zone, block in zip(zones, quarters, strict=True)},
        public={zone: str(block) for zone, block in zip(zones, narrow, strict=False)},
    )
