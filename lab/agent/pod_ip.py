"""The address that the API shows for a real pod. Nothing listens there: it only has to look like a cluster's.

Taken from the top of the node's range, since KWOK gives its simulated pods addresses from the bottom.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection


def pod_ip(cidr: str, taken: Collection[str]) -> str:
    """The highest free host address of the range; the last resort, when all are taken, is a shared one."""
    network = ipaddress.ip_network(cidr)
    highest = int(network.broadcast_address) - 1
    lowest = int(network.network_address) + 1
    for number in range(highest, max(lowest, highest - 4096) - 1, -1):
        if (address := str(ipaddress.ip_address(number))) not in taken:
            return address
    return str(ipaddress.ip_address(highest))
