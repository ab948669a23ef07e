"""Workloads as Kueue writes them, for the tests of the account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WORTH = {"dev-a100": {"nvidia.com/mig-1g.10gb": 0.125}, "h100": {"nvidia.com/gpu": 1.0}}


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def workload(
    uid: str = "a",
    *,
    hours: float | None = 2.0,
    ended: float | None = None,
    engineer: str = "ada",
    count: int = 4,
    past: int = 0,
    priority: str = "experiment",
    annotations: dict[str, str] | None = None,
    active: bool = True,
) -> dict[str, Any]:
    """Admitted so many hours ago (None: it waits) and finished so many hours ago (None: it runs)."""
    status: dict[str, Any] = {"conditions": []}
    if past:
        status["accumulatedPastExecutionTimeSeconds"] = past
    if hours is not None:
        status["conditions"].append(_condition("Admitted", hours))
        status["admission"] = {
            "clusterQueue": "ml",
            "podSetAssignments": [
                {
                    "name": "main",
                    "flavors": {"nvidia.com/mig-1g.10gb": "dev-a100"},
                    "resourceUsage": {"nvidia.com/mig-1g.10gb": str(count), "cpu": "8"},
                    "count": 1,
                }
            ],
        }
    if ended is not None:
        status["conditions"].append(_condition("Finished", ended))
    return {
        "metadata": {
            "uid": uid,
            "name": f"job-{uid}",
            "namespace": "mlops-dev",
            "labels": {"mlops.platform/owner": engineer} if engineer else {},
            "annotations": annotations or {},
            "ownerReferences": [{"kind": "Job", "name": f"own-{uid}"}],
        },
        "spec": {
            "queueName": "default",
            "active": active,
            "priorityClassRef": {
                "group": "kueue.x-k8s.io",
                "kind": "WorkloadPriorityClass",
                "name": priority,
            },
        },
        "status": status,
    }


def _condition(kind: str, hours: float) -> dict[str, str]:
    return {"type": kind, "status": "True", "lastTransitionTime": stamp(NOW - timedelta(hours=hours))}
