from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from gpu_hours.decisions import Change
from gpu_hours.idle import SINCE, WARNED, of_environments, utilisation
from gpu_hours.settings import Idle
from gpu_hours.workloads import observe

from tests.services.gpu_workloads import NOW, WORTH, workload

BOUND = Idle(utilisation=0.05, warn_seconds=1800, stop_seconds=3600)
POD = ("mlops-dev", "own-a-x7k2p")
EXPORTED = """\
# HELP DCGM_FI_PROF_GR_ENGINE_ACTIVE Ratio of time the graphics engine is active.
# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge
DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",GPU_I_ID="1",namespace="mlops-dev",pod="own-a-x7k2p",container="it"} 0.010000
DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",GPU_I_ID="2",namespace="mlops-dev",pod="own-a-x7k2p",container="it"} 4.2e-02
DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="1",namespace="",pod=""} 0.990000
DCGM_FI_DEV_GPU_UTIL{gpu="0",namespace="mlops-dev",pod="other"} 99
"""


def environment(
    *, minutes: float | None = None, warned: bool = False, used: float | None = 0.0, **given: Any
) -> list[Change]:
    """What follows for an environment that was first seen idle so many minutes ago."""
    annotations = {}
    if minutes is not None:
        annotations[SINCE] = (NOW - timedelta(minutes=minutes)).isoformat()
    if warned:
        annotations[WARNED] = "yes"
    priority = given.pop("priority", "dev-environment")
    one = observe(workload(annotations=annotations, priority=priority, **given), WORTH, NOW)
    return list(of_environments([one], {} if used is None else {POD: used}, BOUND, NOW))


def reasons(changes: list[Change]) -> list[str]:
    return [one.reason for one in changes]


def test_each_pod_counts_by_the_busiest_of_its_gpus() -> None:
    assert utilisation([EXPORTED]) == {POD: pytest.approx(0.042)}
    assert utilisation([]) == utilisation(["nothing of use"]) == {}


@pytest.mark.parametrize(
    ("minutes", "warned", "expected"),
    [
        (None, False, ["GpuIdle"]),
        (29, False, []),
        (31, False, ["GpuIdleWarning"]),
        (59, True, []),
        (61, False, ["GpuIdleWarning"]),
        (61, True, ["GpuIdleStopped"]),
    ],
)
def test_an_idle_environment_is_noted_then_warned_then_stopped_and_never_without_a_warning(
    minutes: float | None, warned: bool, expected: list[str]
) -> None:
    assert reasons(environment(minutes=minutes, warned=warned)) == expected


def test_to_stop_is_to_deactivate_and_to_warn_is_not() -> None:
    (stopped,) = environment(minutes=61, warned=True)
    (told,) = environment(minutes=31)
    assert stopped.patch["spec"] == {"active": False}
    assert "spec" not in told.patch
    assert "stopped in 29" in told.message


def test_an_environment_that_computes_again_is_forgiven() -> None:
    (change,) = environment(minutes=50, warned=True, used=0.5)
    assert change.patch == {"metadata": {"annotations": {SINCE: None, WARNED: None}}}
    assert environment(used=0.05) == []


def test_what_no_exporter_tells_of_is_not_taken_for_idle() -> None:
    assert environment(used=None) == []
    assert reasons(environment(minutes=61, warned=True, used=None)) == ["GpuBusy"]


def test_only_development_environments_that_hold_a_gpu_are_looked_at() -> None:
    assert environment(minutes=61, warned=True, priority="experiment") == []
    assert environment(minutes=61, warned=True, hours=None) == []
    assert environment(minutes=61, warned=True, active=False) == []
    assert environment(minutes=61, warned=True, uid="b") != environment(minutes=61, warned=True)
