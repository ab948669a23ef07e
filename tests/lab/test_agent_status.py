from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.agent.restarts import back_off, counted, restarts
from lab.agent.restored import restored
from lab.agent.status import ContainerView, PodView, Running, Terminated, Waiting, phase, pod_status

NOW, BEFORE = "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z"
RUNNING, GOOD = Running(started_at=NOW), Terminated(exit_code=0, reason="Completed")
BAD, STARTING = Terminated(exit_code=2, reason="Error"), Waiting(reason="PodInitializing")
POD: dict[str, Any] = {"spec": {"restartPolicy": "Always"}}


def view(*states: Any, init: tuple[Any, ...] = ()) -> PodView:
    def containers(kind: str, found: tuple[Any, ...]) -> list[ContainerView]:
        return [ContainerView(name=f"{kind}{n}", image="i", state=state) for n, state in enumerate(found)]

    return PodView(
        init=containers("i", init),
        main=containers("c", states),
        pod_ip="10.0.0.9",
        host_ip="h",
        started_at=NOW,
    )


def conditions(pod: dict[str, Any], seen: PodView) -> dict[str, dict[str, Any]]:
    return {one["type"]: one for one in pod_status(pod, seen, NOW)["conditions"]}


def ready(seen: PodView) -> PodView:
    return replace(seen, main=[replace(one, ready=True, started=True) for one in seen.main])


@pytest.mark.parametrize(
    ("states", "init", "policy", "expected"),
    [
        ([STARTING], [], "Always", "Pending"),
        ([RUNNING, STARTING], [], "Always", "Pending"),
        ([RUNNING, BAD], [], "Never", "Running"),
        ([STARTING], [RUNNING], "Always", "Pending"),
        ([STARTING], [BAD], "Always", "Pending"),
        ([STARTING], [BAD], "Never", "Failed"),
        ([RUNNING], [GOOD], "Always", "Running"),
        ([GOOD], [], "Never", "Succeeded"),
        ([GOOD], [], "OnFailure", "Succeeded"),
        ([GOOD], [], "Always", "Running"),
        ([BAD], [], "Always", "Running"),
        ([BAD], [], "OnFailure", "Running"),
        ([GOOD, BAD], [], "Never", "Failed"),
    ],
)
def test_the_phase_is_the_kubelets(states: list[Any], init: list[Any], policy: str, expected: str) -> None:
    assert phase(view(*states, init=tuple(init)), policy) == expected


def test_a_deleted_pod_ends_as_its_containers_did() -> None:
    assert phase(view(GOOD), "Always", deleting=True) == "Succeeded"
    assert phase(view(BAD), "Always", deleting=True) == "Failed"
    assert phase(view(STARTING), "Always", deleting=True) == "Failed"


def test_a_pod_is_ready_only_with_all_containers_and_gates() -> None:
    seen = ready(view(RUNNING, RUNNING))
    assert conditions(POD, seen)["Ready"]["status"] == "True"
    half = replace(seen, main=[seen.main[0], replace(seen.main[1], ready=False)])
    assert conditions(POD, half)["Ready"]["message"] == "containers with unready status: [c1]"
    gated = {"spec": {"readinessGates": [{"conditionType": "g"}]}}
    assert conditions(gated, seen)["Ready"]["reason"] == "ReadinessGatesNotReady"
    assert conditions(gated, seen)["ContainersReady"]["status"] == "True"
    opened = gated | {"status": {"conditions": [{"type": "g", "status": "True"}]}}
    assert conditions(opened, seen)["Ready"]["status"] == "True"


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    old = {"status": {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": BEFORE}]}}
    assert conditions(POD | old, view(RUNNING))["Ready"]["lastTransitionTime"] == BEFORE
    assert conditions(POD | old, ready(view(RUNNING)))["Ready"]["lastTransitionTime"] == NOW


def test_a_waiting_container_shows_its_reason_and_its_last_end() -> None:
    seen = view(Waiting(reason="CrashLoopBackOff", message="back-off 2s"))
    seen = replace(seen, main=[replace(seen.main[0], last=BAD, restarts=3)])
    shown = pod_status(POD, seen, NOW)["containerStatuses"][0]
    assert shown["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2s"}}
    assert shown["lastState"]["terminated"]["exitCode"] == 2
    assert shown["restartCount"] == 3


def test_what_ran_under_an_earlier_agent_counts_as_killed() -> None:
    shown = pod_status(POD, ready(view(RUNNING)), NOW)["containerStatuses"][0]
    again = restored(shown, NOW)
    assert again is not None
    assert isinstance(again.state, Terminated)
    assert again.state.exit_code == 137
    assert restored(pod_status(POD, view(STARTING), NOW)["containerStatuses"][0], NOW) is None
    assert restored(None, NOW) is None


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 1, True),
        ("Never", 1, False),
    ],
)
def test_restarts_follow_the_policy(policy: str, code: int, again: bool) -> None:
    assert restarts(policy, code) is again


def test_the_first_restart_is_at_once_and_later_ones_wait_longer_up_to_five_minutes() -> None:
    waits = [back_off(failures) for failures in range(1, 14)]
    assert waits[:5] == [0, 1, 2, 4, 8]
    assert waits == sorted(waits)
    assert waits[-1] == 300
    assert counted(7, 599) == 8
    assert counted(7, 600) == 1
