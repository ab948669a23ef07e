from __future__ import annotations

from ipaddress import ip_network

import pytest
from controls.addresses import network
from controls.fields import Unproved


@pytest.mark.parametrize(
    ("cidr", "read"),
    [("10.1.2.3/8", "10.0.0.0/8"), ("::/0", "::/0"), ("10.1.2.3", "10.1.2.3/32")],
)
def test_a_range_is_read_whatever_bits_are_beyond_its_prefix(cidr: str, read: str) -> None:
    assert network(cidr) == ip_network(read)


@pytest.mark.parametrize(
    "cidr", ["", "10.0.0.0/33", "a", None, 7, True, [], b"\x0a\x00\x00\x00", Unproved.UNKNOWN]
)
def test_what_is_no_range_is_none(cidr: object) -> None:
    assert network(cidr) is None
