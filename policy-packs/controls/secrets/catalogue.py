"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.secrets import environment, literals, provider_inputs, store_logins, store_policies

CONTROLS: Final[tuple[Control, ...]] = (
    literals.CONTROL,
    environment.CONTROL,
    store_policies.CONTROL,
    store_logins.CONTROL,
    provider_inputs.CONTROL,
)
