"""What follows from the account: which queues are held, which Workloads wait for another month. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gpu_hours.account import Account
from gpu_hours.account import hours as used_hours
from gpu_hours.settings import Budget
from gpu_hours.workloads import Observed

MARK = "mlops.platform/gpu-budget"
SPENT = "spent"
"""Annotation on what this service held or deactivated: only that does it ever open again."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A merge patch for one object, and what to tell people of it. `namespace` is "" for a ClusterQueue."""

    name: str
    namespace: str = ""
    patch: Mapping[str, Any]
    reason: str
    message: str


def of_queues(
    queues: Iterable[Mapping[str, Any]],
    used: Mapping[tuple[str, str], float],
    budgets: Mapping[str, Budget],
) -> Iterator[Change]:
    """A queue is held once its team has spent its budget: what runs may end, nothing is admitted."""
    for queue in queues:
        team = queue["metadata"]["name"]
        budget = budgets.get(team, Budget()).team
        hours = sum(value for (of, _), value in used.items() if of == team)
        spent = budget is not None and hours >= budget
        held = queue["spec"].get("stopPolicy", "None") != "None"
        ours = (queue["metadata"].get("annotations") or {}).get(MARK) == SPENT
        if spent and not held:
            yield Change(
                name=team,
                patch=_held("Hold", SPENT),
                reason="GpuBudgetSpent",
                message=f"team {team} used {hours:.1f} of {budget:g} GPU-hours: nothing more is admitted this month",
            )
        if ours and not spent:
            yield Change(
                name=team,
                patch=_held("None", None),
                reason="GpuBudgetOpen",
                message=f"team {team} used {hours:.1f} GPU-hours: its queue is open again",
            )


def of_workloads(
    workloads: Iterable[Observed],
    teams: Mapping[str, str],
    account: Account,
    before: Account,
    budgets: Mapping[str, Budget],
) -> Iterator[Change]:
    """Workloads of an engineer who has spent their own budget: what waits, and what Kueue admitted since the last look
    though it was spent by then, for Kueue knows of teams alone. `teams` are by namespace, `before` is the account of
    that look."""
    used, known = used_hours(account), used_hours(before)
    for one in workloads:
        team = teams.get(one.namespace, "")
        bound = budgets.get(team, Budget()).engineer
        budget = math.inf if bound is None else bound
        who = (team, one.engineer)
        hours = used.get(who, 0.0)
        spent = bool(one.engineer) and hours >= budget
        slipped = known.get(who, 0.0) >= budget and _since(one, before)
        if spent and one.active and (one.waits or slipped):
            yield Change(
                name=one.name,
                namespace=one.namespace,
                patch=_active(False, SPENT),
                reason="GpuBudgetSpent",
                message=f"{one.engineer} used {hours:.1f} of {budget:g} GPU-hours: this waits for next month",
            )
        if not spent and not one.active and one.annotations.get(MARK) == SPENT:
            yield Change(
                name=one.name,
                namespace=one.namespace,
                patch=_active(True, None),
                reason="GpuBudgetOpen",
                message=f"{one.engineer} has GPU-hours again",
            )


def _since(one: Observed, last: Account) -> bool:
    """Kubernetes writes whole seconds: what was admitted in the second of the look counts as after it."""
    if one.admitted is None or not last.looked:
        return False
    return one.admitted >= datetime.fromisoformat(last.looked).replace(microsecond=0)


def _held(policy: str, mark: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": {MARK: mark}}, "spec": {"stopPolicy": policy}}


def _active(active: bool, mark: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": {MARK: mark}}, "spec": {"active": active}}
