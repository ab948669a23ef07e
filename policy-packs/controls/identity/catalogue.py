"""The controls of the family, in the order of the catalogue. A new one is a file and a line here."""

from __future__ import annotations

from typing import Final

from controls.control import Control
from controls.identity import (
    broad_bindings,
    clients,
    default_account,
    escalation,
    realm,
    references,
    remote_execution,
    role_matrix,
    secret_reading,
    token_mounting,
    token_secret,
    wildcards,
)

CONTROLS: Final[tuple[Control, ...]] = (
    wildcards.CONTROL,
    broad_bindings.CONTROL,
    escalation.CONTROL,
    secret_reading.CONTROL,
    remote_execution.CONTROL,
    default_account.CONTROL,
    token_mounting.CONTROL,
    references.CONTROL,
    token_secret.CONTROL,
    role_matrix.CONTROL,
    clients.CONTROL,
    realm.CONTROL,
)
