"""Ranges of addresses that a rule opens to."""

from __future__ import annotations

import ipaddress
from typing import Final

from controls.addresses import network

METADATA: Final = (ipaddress.ip_address("169.254.169.254"), ipaddress.ip_address("fd00:ec2::254"))
"""Where EC2 answers with a node's credentials."""

_WIDE: Final = 7
"""A range of this prefix or a shorter one is no organisation's own."""


def is_internet(value: object) -> bool:
    """Whether a CIDR reaches strangers; one that cannot be read might."""
    found = network(value)
    return found is None or found.prefixlen <= _WIDE


def has_metadata(value: object) -> bool:
    """Whether a CIDR includes the metadata address; one that cannot be read might."""
    found = network(value)
    return found is None or any(one in found for one in METADATA if one.version == found.version)
