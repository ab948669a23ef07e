"""The normal form of built-in objects: what a round trip through Kubernetes' Go types leaves of them.

The real provider normalises inputs this way (provider.go, normalizeInputs), so that 1024Mi and 1Gi are no
difference, and neither are an empty list and none.
"""

from __future__ import annotations

from typing import Any, Final

from engine.providers.quantity import canonical
from engine.values import Properties

_QUANTITY_MAPS: Final = frozenset(
    (
        "limits",
        "requests",
        "hard",
        "default",
        "defaultRequest",
        "max",
        "min",
        "maxLimitRequestRatio",
        "capacity",
    )
)
_QUANTITIES: Final = frozenset(("sizeLimit",))
_TEXT_MAPS: Final = frozenset(
    ("labels", "annotations", "matchLabels", "nodeSelector", "data", "binaryData", "stringData", "parameters")
)
_OMITTED_ZEROS: Final = frozenset(
    [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
        "minReadySeconds",
        "hostPort",
        "nodePort",
        "weight",
        "hostNetwork",
        "hostPID",
        "hostIPC",
        "stdin",
        "stdinOnce",
        "tty",
        "readOnly",
        "globalDefault",
        "paused",
        "publishNotReadyAddresses",
    ]
)
_KEPT_EMPTY: Final = frozenset(("rules", "containers", "versions", "names"))


def normal(item: Any, key: str = "") -> Any:
    """What the typed round trip of the real provider does: canonical quantities, no empty fields."""
    if isinstance(item, dict):
        if key in _TEXT_MAPS:
            return item
        if key in _QUANTITY_MAPS and all(not isinstance(value, (dict, list)) for value in item.values()):
            return _mapped(item, canonical)
        changed: Properties | None = None
        for name, value in item.items():
            new = canonical(value) if name in _QUANTITIES else normal(value, name)
            empty = _is_omitted(name, value)
            if new is not value or empty:
                changed = dict(item) if changed is None else changed
                changed[name] = new
                if empty:
                    del changed[name]
        return item if changed is None else changed
    if isinstance(item, list):
        news = [normal(value, key) for value in item]
        return news if any(new is not old for new, old in zip(news, item, strict=True)) else item
    return item


def _is_omitted(name: str, value: Any) -> bool:
    """Is it a zero value that Kubernetes' Go types leave out (`omitempty` of what is no pointer)?"""
    if value is False or (value == 0 and isinstance(value, int)):
        return name in _OMITTED_ZEROS
    if value == "":
        return name == "value"
    if value == {}:
        return name in _TEXT_MAPS or name in _QUANTITY_MAPS
    return value == [] and name not in _KEPT_EMPTY


def _mapped(item: Properties, change: Any) -> Properties:
    result = {key: change(value) for key, value in item.items()}
    return item if result == item and all(type(result[key]) is type(item[key]) for key in item) else result
