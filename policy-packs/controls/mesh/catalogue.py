"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.mesh import (
    default_deny,
    destination_tls,
    gateway_hosts,
    membership,
    multi_primary,
    principals,
    references,
    safe_rules,
    strict_mtls,
    tokens,
)

CONTROLS: Final[tuple[Control, ...]] = (
    strict_mtls.CONTROL,
    default_deny.CONTROL,
    safe_rules.CONTROL,
    principals.CONTROL,
    tokens.CONTROL,
    destination_tls.CONTROL,
    membership.CONTROL,
    gateway_hosts.CONTROL,
    references.CONTROL,
    multi_primary.CONTROL,
)
