from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.agent.addresses import Addresses, allocate, unprivileged_port
from lab.agent.errors import AddressesExhaustedError
from lab.agent.pod_ip import pod_ip


def test_an_address_is_the_same_after_a_restart_until_it_is_released(tmp_path: Path) -> None:
    file = tmp_path / "addresses.json"
    first = Addresses(file, 9, 2)
    given_before = (first.pod("a"), first.pod("b"), first.service("ns", "s"))
    assert given_before == ("127.9.2.1", "127.9.2.2", "127.9.202.1")
    second = Addresses(file, 9, 2)
    assert (second.pod("a"), second.pod("b"), second.service("ns", "s")) == given_before
    second.release("a")
    assert second.pod("c") == "127.9.2.1"
    second.keep_only({"c"})
    assert Addresses(file, 9, 2).pod("d") == "127.9.2.2"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_damaged_or_foreign_memory_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "addresses.json"
    file.write_text('{"pods": {"a": "10.0.0.1", "b": "127.9.3.1"}, "serv')
    assert Addresses(file, 9, 2).pod("a") == "127.9.2.1"
    file.write_text('{"pods": {"a": "10.0.0.1", "b": "127.9.3.1"}, "services": []}')
    assert Addresses(file, 9, 2).pod("b") == "127.9.2.1"


@given(st.sets(st.integers(1, 254), max_size=253))
def test_a_new_address_is_never_one_that_is_taken(hosts: set[int]) -> None:
    taken = {str(host): f"127.1.1.{host}" for host in hosts}
    assert allocate(taken, "127.1.1", "pod") not in taken.values()


def test_a_full_block_says_so() -> None:
    with pytest.raises(AddressesExhaustedError, match=r"pod x: all 254 addresses of 127\.1\.1\.0/24"):
        allocate({str(host): f"127.1.1.{host}" for host in range(1, 255)}, "127.1.1", "pod x")


def test_a_port_this_user_may_not_open_is_moved() -> None:
    assert unprivileged_port(80, 1024) == 20080
    assert unprivileged_port(80, 0) == 80
    assert unprivileged_port(5000, 1024) == 5000


def test_the_shown_address_comes_from_the_top_of_the_nodes_range() -> None:
    assert pod_ip("10.1.2.0/24", set()) == "10.1.2.254"
    assert pod_ip("10.1.2.0/24", {"10.1.2.254", "10.1.2.253"}) == "10.1.2.252"
    assert pod_ip("10.1.2.0/30", {"10.1.2.1", "10.1.2.2"}) == "10.1.2.2"
