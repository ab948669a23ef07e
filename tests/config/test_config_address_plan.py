from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.address_plan import address_plan

ZONES = ("a", "b", "c")


@given(prefix=st.integers(16, 24), block=st.integers(0, 255))
def test_ranges_lie_in_the_vpc_and_never_overlap(prefix: int, block: int) -> None:
    network = ipaddress.IPv4Network(f"10.{block}.0.0/{prefix}")
    plan = address_plan(str(network), "100.64.0.0/16", ZONES)
    ranges = [ipaddress.IPv4Network(one) for one in (*plan.private.values(), *plan.public.values())]
    assert len(ranges) == 6
    assert all(one.subnet_of(network) and 16 <= one.prefixlen <= 28 for one in ranges)
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


def test_nodes_get_three_quarters_of_the_vpc() -> None:
    plan = address_plan("10.96.0.0/16", "10.64.0.0/16", ZONES)
    assert plan.private == {"a": "10.96.0.0/18", "b": "10.96.64.0/18", "c": "10.96.128.0/18"}
    assert plan.public == {"a": "10.96.192.0/24", "b": "10.96.193.0/24", "c": "10.96.194.0/24"}


@given(prefix=st.integers(16, 24), block=st.integers(0, 255))
def test_pods_of_each_zone_get_a_part_of_their_own_range(prefix: int, block: int) -> None:
    network = ipaddress.IPv4Network(f"10.{block}.0.0/{prefix}")
    pods = address_plan("172.16.0.0/16", str(network), ZONES).pods
    ranges = [ipaddress.IPv4Network(one) for one in pods.values()]
    assert tuple(pods) == ZONES
    assert all(one.subnet_of(network) and one.prefixlen == prefix + 2 for one in ranges)
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


@pytest.mark.parametrize(
    ("cidr", "pods", "zones"),
    [
        ("10.0.0.0/16", "10.1.0.0/16", ("a", "b")),
        ("10.0.0.0/25", "10.1.0.0/16", ZONES),
        ("10.0.0.0/16", "10.1.0.0/25", ZONES),
    ],
)
def test_what_cannot_be_divided_is_refused(cidr: str, pods: str, zones: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="three zones"):
        address_plan(cidr, pods, zones)
