from __future__ import annotations

import os
import socket
from pathlib import Path

from lab.ports import LOOPBACK, allot, free_block, is_free, listeners


def listening() -> socket.socket:
    held = socket.socket()
    held.bind((LOOPBACK, 0))
    held.listen(1)
    return held


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with listening() as held:
        port = held.getsockname()[1]
        assert not is_free(port)
        assert listeners()[port] == os.getpid()
    assert is_free(port)


def test_remembered_ports_are_kept_and_new_ones_are_distinct() -> None:
    given = allot(["a", "b", "c"], {"a": 20001}, running=(), free=lambda _: True)
    assert given.ports["a"] == 20001
    assert len(set(given.ports.values())) == 3
    assert given.moved == ()


def test_a_remembered_port_that_somebody_else_took_moves_and_is_reported() -> None:
    with listening() as held:
        port = held.getsockname()[1]
        given = allot(["a"], {"a": port}, running=())
        assert given.moved == ("a",)
        assert given.ports["a"] != port


def test_a_port_held_by_its_own_process_stays() -> None:
    with listening() as held:
        port = held.getsockname()[1]
        assert allot(["a"], {"a": port}, running=("a",)).ports == {"a": port}


def test_no_port_lies_where_the_kernel_puts_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    given = allot([str(number) for number in range(200)], {}, running=(), free=lambda _: True)
    assert max(given.ports.values()) < lowest


def test_a_block_in_which_somebody_listens_is_not_chosen(monkeypatch: object) -> None:
    held = [socket.create_server((f"127.{block}.1.1", 0)) for block in range(10, 249)]
    try:
        assert free_block() == 249
    finally:
        for one in held:
            one.close()
