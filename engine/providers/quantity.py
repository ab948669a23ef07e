"""Kubernetes quantities in their canonical form (resource.Quantity of apimachinery): 1024Mi is 1Gi."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import Any

_QUANTITY = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$")
_BINARY = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BY_EXPONENT = {exponent: suffix for suffix, exponent in _DECIMAL.items()}


def canonical(given: Any) -> Any:
    """The canonical text of a quantity; what is no quantity comes back as it is."""
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        return given
    match = _QUANTITY.match(str(given))
    if match is None:
        return given
    number, suffix = Decimal(match[1]), match[2] or ""
    if suffix.endswith("i"):
        return _binary(number * _BINARY[suffix])
    if suffix not in _DECIMAL:
        return _decimal(number.scaleb(int(suffix[1:])), exponent_form=True)
    return _decimal(number.scaleb(_DECIMAL[suffix]), exponent_form=False)


def _binary(value: Decimal) -> str:
    if value != value.to_integral_value():
        return _decimal(value, exponent_form=False)
    amount = int(value)
    if -1024 < amount < 1024:
        return _decimal(value, exponent_form=False)
    for suffix in reversed(_BINARY):
        if amount % _BINARY[suffix] == 0:
            return f"{amount // _BINARY[suffix]}{suffix}"
    return str(amount)


def _decimal(value: Decimal, *, exponent_form: bool) -> str:
    if value == 0:
        return "0"
    scaled = value.scaleb(9).to_integral_value(ROUND_CEILING if value > 0 else None)
    exponent, amount = -9, int(scaled)
    while amount % 1000 == 0 and exponent < 18:
        amount, exponent = amount // 1000, exponent + 3
    if exponent_form:
        return f"{amount}e{exponent}" if exponent else str(amount)
    return f"{amount}{_BY_EXPONENT[exponent]}"
