"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.aws import control_plane, nodes, rights, service_accounts
from controls.control import Control

CONTROLS: Final[tuple[Control, ...]] = (
    control_plane.CONTROL,
    nodes.CONTROL,
    rights.CONTROL,
    service_accounts.CONTROL,
)
