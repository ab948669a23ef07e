"""Kueue's Workloads as the account sees them (kueue.x-k8s.io/v1beta2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OWNER = "mlops.platform/owner"
"""Label with the engineer; Kueue copies it from the job (`labelKeysToCopy`)."""

DEV_ENVIRONMENT = "dev-environment"


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A Workload at one moment. `admitted` is since when it runs, None while it waits and once it is finished;
    `seconds` is how long it has been admitted in all, `gpus` what it holds now, None while it holds nothing. `team` is
    "" until it was admitted once."""

    uid: str
    name: str
    namespace: str
    team: str
    engineer: str
    admitted: datetime | None
    seconds: float
    gpus: float | None
    waits: bool
    active: bool
    environment: bool
    owners: tuple[str, ...]
    annotations: Mapping[str, str]


def observe(workload: Mapping[str, Any], worth: Mapping[str, Mapping[str, float]], now: datetime) -> Observed:
    """What the Workload says of itself."""
    metadata, spec, status = workload["metadata"], workload["spec"], workload.get("status") or {}
    conditions = {one["type"]: one for one in status.get("conditions") or ()}
    admitted, finished = _since(conditions, "Admitted"), _since(conditions, "Finished")
    running = max(0.0, ((finished or now) - admitted).total_seconds()) if admitted else 0.0
    admission = status.get("admission")
    return Observed(
        uid=metadata["uid"],
        name=metadata["name"],
        namespace=metadata["namespace"],
        team=admission["clusterQueue"] if admission else "",
        engineer=(metadata.get("labels") or {}).get(OWNER, ""),
        admitted=None if finished else admitted,
        seconds=status.get("accumulatedPastExecutionTimeSeconds", 0) + running,
        gpus=_gpus(admission, worth) if admission and admitted else None,
        waits=not admission and not finished,
        active=spec.get("active", True),
        environment=(spec.get("priorityClassRef") or {}).get("name") == DEV_ENVIRONMENT,
        owners=tuple(one["name"] for one in metadata.get("ownerReferences") or ()),
        annotations=metadata.get("annotations") or {},
    )


def _gpus(admission: Mapping[str, Any], worth: Mapping[str, Mapping[str, float]]) -> float:
    """Parts of GPUs that all its pods hold. A resource that no pool has, such as CPU, is worth nothing."""
    return sum(
        float(count) * worth.get(flavors.get(resource, ""), {}).get(resource, 0.0)
        for one in admission.get("podSetAssignments") or ()
        for flavors in [one.get("flavors") or {}]
        for resource, count in (one.get("resourceUsage") or {}).items()
        if resource in flavors and resource in worth.get(flavors[resource], {})
    )


def _since(conditions: Mapping[str, Mapping[str, Any]], kind: str) -> datetime | None:
    one = conditions.get(kind)
    if one is None or one["status"] != "True":
        return None
    return datetime.fromisoformat(one["lastTransitionTime"])
