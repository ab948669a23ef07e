"""Who holds a GPU and does not use it: DCGM's figures, and what follows from them. Pure.

Metric and labels are those of NVIDIA/dcgm-exporter: `DCGM_FI_PROF_GR_ENGINE_ACTIVE` is the part of the time (0 to 1) in
which a GPU or a MIG instance computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from gpu_hours.decisions import Change
from gpu_hours.settings import Idle
from gpu_hours.workloads import Observed

METRIC = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
SINCE = "mlops.platform/gpu-idle-since"
"""Annotation on an environment's Workload, from the first look at which its GPU was idle."""

WARNED = "mlops.platform/gpu-idle-warned"

Pod = tuple[str, str]
"""Namespace and name."""

_SAMPLE = re.compile(rf"^{METRIC}\{{(?P<labels>[^}}]*)\}} (?P<value>[0-9.eE+-]+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def utilisation(texts: Iterable[str]) -> dict[Pod, float]:
    """Of each pod that holds a GPU, its busiest one. `texts` are the exporters' answers."""
    found: dict[Pod, float] = {}
    for text in texts:
        for sample in _SAMPLE.finditer(text):
            labels = dict(_LABEL.findall(sample["labels"]))
            pod = (labels.get("namespace", ""), labels.get("pod", ""))
            if all(pod):
                found[pod] = max(found.get(pod, 0.0), float(sample["value"]))
    return found


def of_environments(
    workloads: Iterable[Observed], used: Mapping[Pod, float], bound: Idle, now: datetime
) -> Iterator[Change]:
    """Development environments that hold a GPU: noted when idle, then warned, then stopped; forgiven when busy.

    One that no exporter tells of is not idle: nobody knows.
    """
    for one in workloads:
        if not (one.environment and one.active and one.gpus):
            continue
        figures = [value for pod, value in used.items() if _belongs(pod, one)]
        since, warned = one.annotations.get(SINCE), WARNED in one.annotations
        if not figures or max(figures) >= bound.utilisation:
            if since:
                yield _change(one, {SINCE: None, WARNED: None}, "GpuBusy", "its GPU is in use again")
            continue
        if since is None:
            yield _change(one, {SINCE: now.isoformat()}, "GpuIdle", "its GPU is not in use")
            continue
        idle = (now - datetime.fromisoformat(since)).total_seconds()
        if idle >= bound.stop_seconds and warned:
            message = f"its GPU was not in use for {idle / 60:.0f} minutes: stopped"
            change = _change(one, {SINCE: None, WARNED: None}, "GpuIdleStopped", message)
            yield replace(change, patch={**change.patch, "spec": {"active": False}})
        elif idle >= bound.warn_seconds and not warned:
            left = max(0.0, bound.stop_seconds - idle)
            message = f"its GPU was not in use for {idle / 60:.0f} minutes: it is stopped in {left / 60:.0f}"
            yield _change(one, {WARNED: now.isoformat()}, "GpuIdleWarning", message)


def _belongs(pod: Pod, one: Observed) -> bool:
    """A pod is its Workload's owner, or is named after it."""
    namespace, name = pod
    return namespace == one.namespace and any(
        name == owner or name.startswith(f"{owner}-") for owner in one.owners
    )


def _change(one: Observed, annotations: Mapping[str, str | None], reason: str, message: str) -> Change:
    return Change(
        name=one.name,
        namespace=one.namespace,
        patch={"metadata": {"annotations": dict(annotations)}},
        reason=reason,
        message=message,
    )
