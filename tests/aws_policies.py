"""What is wrong with a policy document, by the rule that a right is narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def too_wide(text: str) -> list[str]:
    """Statements that allow every action, or an unconditioned one on everything."""
    return [f"{one['Sid']}: {what}" for one in statements(text) for what in _wide(one)]


def statements(text: str) -> list[dict[str, Any]]:
    """The document's statements."""
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    assert len({one["Sid"] for one in found}) == len(found)
    assert all(str(one["Sid"]).isalnum() for one in found)
    return found


def allowed(text: str, action: str) -> list[dict[str, Any]]:
    """The statements that allow the action."""
    return [one for one in statements(text) if one["Effect"] == "Allow" and action in one["Action"]]


def _wide(one: dict[str, Any]) -> Iterator[str]:
    if one["Effect"] != "Allow":
        return
    if any("*" in action for action in one["Action"]):
        yield "an action with a wildcard"
    # In the policy of a resource, which names principals, everything is that resource.
    if "*" in one.get("Resource", ()) and not one.get("Condition") and "Principal" not in one:
        yield "everything without a condition"
    if one.get("Principal") in ("*", {"AWS": "*"}) and "aws:PrincipalArn" not in str(one.get("Condition")):
        yield "everybody without a condition"
