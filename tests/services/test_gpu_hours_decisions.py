from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from gpu_hours.account import Account
from gpu_hours.decisions import MARK, Change, of_queues, of_workloads
from gpu_hours.settings import Budget
from gpu_hours.workloads import observe

from tests.services.gpu_workloads import NOW, WORTH, workload

BUDGETS = {"ml": Budget(team=100, engineer=10)}
TEAMS = {"mlops-dev": "ml"}
OURS = {MARK: "spent"}


def queue(policy: str | None = None, **annotations: str) -> dict[str, Any]:
    spec = {} if policy is None else {"stopPolicy": policy}
    return {"metadata": {"name": "ml", "annotations": annotations}, "spec": spec}


def held(given: dict[str, Any], hours: float) -> list[Change]:
    used = {("ml", "ada"): hours - 1, ("ml", ""): 1.0, ("other", "ada"): 1000.0}
    return list(of_queues([given], used, BUDGETS))


@pytest.mark.parametrize("policy", [None, "None"])
def test_a_team_that_has_spent_its_budget_is_held_and_told(policy: str | None) -> None:
    assert held(queue(policy), 99.9) == []
    (change,) = held(queue(policy), 100)
    assert change.patch == {"metadata": {"annotations": {MARK: "spent"}}, "spec": {"stopPolicy": "Hold"}}
    assert "100.0 of 100 GPU-hours" in change.message


def test_what_runs_may_end() -> None:
    (change,) = held(queue(), 1000)
    assert change.patch["spec"]["stopPolicy"] != "HoldAndDrain"


def test_a_queue_that_is_held_is_not_held_again() -> None:
    assert held(queue("Hold", **OURS), 200) == []


def test_a_new_month_or_a_larger_budget_opens_what_this_service_held() -> None:
    (change,) = held(queue("Hold", **OURS), 5)
    assert change.patch == {"metadata": {"annotations": {MARK: None}}, "spec": {"stopPolicy": "None"}}


@pytest.mark.parametrize("hours", [5, 200])
def test_a_queue_that_somebody_else_held_is_left_to_them(hours: float) -> None:
    assert held(queue("HoldAndDrain"), hours) == []


def test_a_team_without_a_budget_is_never_held() -> None:
    assert list(of_queues([queue()], {("ml", ""): 1e9}, {})) == []


LOOKED = NOW - timedelta(minutes=1)


def account(hours: float) -> Account:
    """In which ada used so much, by jobs that are gone; a minute ago."""
    return Account(month="2026-11", looked=LOOKED.isoformat(), gone={("ml", "ada"): hours * 3600})


def of_ada(given: dict[str, Any], used: float, before: Account) -> list[Change]:
    return list(of_workloads([observe(given, WORTH, NOW)], TEAMS, account(used), before, BUDGETS))


def waiting(used: float, **given: Any) -> list[Change]:
    return of_ada(workload(hours=None, **given), used, account(used))


def test_an_engineer_who_has_spent_their_own_budget_waits() -> None:
    assert waiting(9.9) == []
    (change,) = waiting(10)
    assert (change.name, change.namespace) == ("job-a", "mlops-dev")
    assert change.patch["spec"] == {"active": False}
    assert waiting(10, engineer="grace") == waiting(10, engineer="") == []


def test_what_runs_of_an_engineer_is_not_taken_away() -> None:
    assert of_ada(workload(hours=0.1), 1000, account(1000)) == []


def test_what_kueue_admits_of_an_engineer_who_had_spent_theirs_by_then_is_stopped() -> None:
    since = workload(hours=0.01)
    (change,) = of_ada(since, 10, account(10))
    assert change.patch["spec"] == {"active": False}
    assert of_ada(since, 10, account(9.9)) == []
    assert of_ada(since, 9.9, account(10)) == []
    assert of_ada(since, 10, Account()) == []
    assert of_ada(workload(hours=0.01, ended=0.001), 10, account(10)) == []


def test_an_admission_in_the_second_of_the_look_counts_as_after_it() -> None:
    one = observe(workload(hours=1 / 60), WORTH, NOW)
    late = replace(account(10), looked=(LOOKED + timedelta(milliseconds=900)).isoformat())
    assert one.admitted == LOOKED
    assert list(of_workloads([one], TEAMS, account(10), late, BUDGETS)) != []


def test_a_budget_that_is_taken_away_leaves_nothing_deactivated() -> None:
    one = observe(workload(hours=None, active=False, annotations=OURS), WORTH, NOW)
    (change,) = of_workloads([one], TEAMS, account(10), account(10), {})
    assert change.patch["spec"] == {"active": True}


def test_only_what_this_service_deactivated_is_activated_again() -> None:
    (change,) = waiting(5, active=False, annotations=OURS)
    assert change.patch == {"metadata": {"annotations": {MARK: None}}, "spec": {"active": True}}
    assert waiting(5, active=False) == waiting(10, active=False, annotations=OURS) == []
