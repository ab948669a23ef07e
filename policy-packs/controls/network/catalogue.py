"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.network import (
    cilium_peers,
    dangling,
    default_deny,
    ingress_hosts,
    open_peers,
    selected,
    services,
    tls_hosts,
)

CONTROLS: Final[tuple[Control, ...]] = (
    default_deny.CONTROL,
    selected.CONTROL,
    open_peers.CONTROL,
    dangling.CONTROL,
    cilium_peers.CONTROL,
    services.CONTROL,
    tls_hosts.CONTROL,
    ingress_hosts.CONTROL,
)
