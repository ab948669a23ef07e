"""Quantities of disruption budgets, and who runs several copies. Source: policy/v1, autoscaling/v2."""

from __future__ import annotations

import re
from typing import Final

from controls.fields import is_zero, whole

BUDGET: Final = ("PodDisruptionBudget.policy", "PodDisruptionBudget")
"""Also without a group: it is often written so."""

AUTOSCALER: Final = ("HorizontalPodAutoscaler.autoscaling",)
REPLICATED: Final = ("Deployment.apps", "StatefulSet.apps", "ReplicaSet.apps", "ReplicationController")
_PERCENT: Final = re.compile(r"(\d{1,6})%", re.ASCII)


def percent(value: object) -> int | None:
    """The number of `50%`, None for anything else."""
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) if found else None


def is_amount(value: object) -> bool:
    """Whether a value is what a budget may say: a whole number or a percentage."""
    return whole(value) is not None or percent(value) is not None


def forbids_all(max_unavailable: object) -> bool:
    """Whether `maxUnavailable` allows no disruption at all."""
    return is_zero(max_unavailable) or max_unavailable == "0" or percent(max_unavailable) == 0


def needed(min_available: object, copies: int) -> int | None:
    """How many of so many copies have to run; percentages are rounded up, as the controller does."""
    share = percent(min_available)
    return whole(min_available) if share is None else -(-share * copies // 100)
