"""Where the cluster's own servers may run besides anywhere else."""

from __future__ import annotations

from typing import Any

SYSTEM_NODES: dict[str, Any] = {"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoSchedule"}
"""Nodes that are kept for what the cluster itself needs: the first ones of an EKS cluster are all of that kind."""
