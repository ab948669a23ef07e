"""Kubernetes quantities ("500m", "2Gi"). Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from lab.agent.errors import ContainerConfigError

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("MGTPE", start=2)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(n|u|m|k|[KMGTPE]i|[MGTPE]|)")


def quantity(text: str) -> Decimal:
    """A Kubernetes quantity in its base unit (cores, bytes). Raises ContainerConfigError."""
    match = _QUANTITY.fullmatch(str(text))
    if match is None:
        raise ContainerConfigError(f"{text!r} is not a quantity")
    return Decimal(match.group(1)) * _SUFFIXES[match.group(2)]
