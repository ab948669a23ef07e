"""Free loopback ports and a free loopback block.

Ports are taken below the range that the kernel gives to outgoing connections: there, a client of the moment
could sit on a server's port just when that server is started again.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from lab.errors import Failure

LOOPBACK = "127.0.0.1"
_LOWEST = 15000
_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_BLOCKS = range(10, 250)


@dataclass(frozen=True, kw_only=True)
class Allotment:
    """Ports by name, and the names whose remembered port was taken by somebody else."""

    ports: Mapping[str, int]
    moved: tuple[str, ...] = ()


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1 at this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def listeners() -> Mapping[int, int]:
    """The process id behind each listening TCP port; ports whose process cannot be seen are left out.

    IPv6 sockets count too: Java listens on IPv4 addresses through them.
    """
    try:
        found = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return {}
    return {it.laddr.port: it.pid for it in found if it.status == psutil.CONN_LISTEN and it.laddr and it.pid}


def allot(
    wanted: Collection[str],
    remembered: Mapping[str, int],
    running: Collection[str],
    free: Callable[[int], bool] = is_free,
) -> Allotment:
    """A port for every wanted name. A remembered port is kept when its own process holds it (`running`) or
    when it is free; otherwise another is chosen and the name reported as moved."""
    kept = {
        name: remembered[name]
        for name in wanted
        if name in remembered and (name in running or free(remembered[name]))
    }
    taken = set(remembered.values())
    ports = dict(kept)
    for name in wanted:
        if name not in ports:
            ports[name] = _choose(taken, free)
            taken.add(ports[name])
    moved = tuple(name for name in wanted if name in remembered and name not in kept)
    return Allotment(ports=ports, moved=moved)


def free_block() -> int:
    """N such that nothing on this machine listens at 127.N.x.y."""
    used = {
        int(connection.laddr.ip.split(".")[1])
        for connection in psutil.net_connections(kind="tcp4")
        if connection.laddr and connection.laddr.ip.startswith("127.")
    }
    candidates = [block for block in _BLOCKS if block not in used]
    if not candidates:
        raise Failure("no block of loopback addresses (127.10.x.y to 127.249.x.y) is free: stop another lab")
    return random.choice(candidates)  # noqa: S311 (spreads labs, guards nothing)


def _choose(taken: Collection[int], free: Callable[[int], bool]) -> int:
    candidates = list(range(_LOWEST, _highest()))
    random.shuffle(candidates)
    for port in candidates:
        if port not in taken and free(port):
            return port
    raise Failure(f"no port between {_LOWEST} and {_highest()} is free on {LOOPBACK}: end what listens there")


def _highest() -> int:
    try:
        lowest_ephemeral = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32000
    return lowest_ephemeral if lowest_ephemeral > _LOWEST + 1000 else 32000
