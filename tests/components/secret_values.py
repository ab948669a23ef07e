"""What a declaration says in the open, and what it hands over as a Pulumi secret."""

from __future__ import annotations

import json
from typing import Any

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""How the engine's protocol marks a secret value."""


def in_the_open(inputs: Any) -> str:
    """The inputs as text, without their secrets: whatever stands here stands in the state in clear."""
    return json.dumps(_open(inputs), sort_keys=True)


def revealed(value: Any) -> Any:
    """What a secret holds. Fails for a value that is none."""
    assert _is_secret(value), "the value is handed over in clear"
    return value["value"]


def _open(value: Any) -> Any:
    if _is_secret(value):
        return "(secret)"
    if isinstance(value, dict):
        return {key: _open(item) for key, item in value.items()}
    return [_open(item) for item in value] if isinstance(value, list) else value


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(_SIGNATURE) == _SECRET
