"""Ranges of addresses, as every provider and every kind of policy writes them."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def network(cidr: object) -> Network | None:
    """The range of a CIDR, also of one with bits beyond its prefix; None for what is none."""
    try:
        return ipaddress.ip_network(cidr, strict=False) if isinstance(cidr, str) else None
    except ValueError:
        return None
