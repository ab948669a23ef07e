"""What a node's taints should be. Pure: a node in, taints out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONFIG = "nvidia.com/mig.config"
"""Label that asks MIG manager for a cut. Nodes that have it are guarded: GPUs of others cannot be cut. One that loses
it is no longer seen, and keeps the taint if it has it."""

STATE = "nvidia.com/mig.config.state"
READY = "success"


def wanted(node: Mapping[str, Any], key: str) -> list[dict[str, Any]] | None:
    """All taints of the node as they should be, None if they are so already."""
    labels = node["metadata"].get("labels") or {}
    taints = (node.get("spec") or {}).get("taints") or []
    others = [dict(taint) for taint in taints if taint["key"] != key]
    closed = CONFIG in labels and labels.get(STATE) != READY
    if closed == (len(others) < len(taints)):
        return None
    return [*others, {"key": key, "value": "true", "effect": "NoSchedule"}] if closed else others
