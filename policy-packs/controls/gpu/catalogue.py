"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.gpu import node_use, ownership, quotas, slices

CONTROLS: Final[tuple[Control, ...]] = (slices.CONTROL, node_use.CONTROL, quotas.CONTROL, ownership.CONTROL)
