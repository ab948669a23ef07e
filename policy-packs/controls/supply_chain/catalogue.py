"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.supply_chain import charts, digests, registries, removed_versions, tags, verification

CONTROLS: Final[tuple[Control, ...]] = (
    registries.CONTROL,
    tags.CONTROL,
    digests.CONTROL,
    verification.CONTROL,
    charts.CONTROL,
    removed_versions.CONTROL,
)
