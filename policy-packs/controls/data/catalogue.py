"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.data import stores, volumes

CONTROLS: Final[tuple[Control, ...]] = (volumes.CONTROL, stores.CONTROL)
