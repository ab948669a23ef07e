"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.serving import budgets, canary, copies, disruption, model_access, probes

CONTROLS: Final[tuple[Control, ...]] = (
    canary.CONTROL,
    disruption.CONTROL,
    budgets.CONTROL,
    probes.CONTROL,
    model_access.CONTROL,
    copies.CONTROL,
)
