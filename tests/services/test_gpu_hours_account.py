from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from gpu_hours.account import Account, advance, dump, hours, load
from gpu_hours.workloads import observe

from tests.services.gpu_workloads import NOW, WORTH, workload

ADA = ("ml", "ada")


def after(account: Account, workloads: Iterable[dict[str, Any]], now: datetime = NOW) -> Account:
    return advance(account, [observe(one, WORTH, now) for one in workloads], now)


def test_hours_are_those_of_whole_gpus() -> None:
    """Four eighths of a GPU for two hours; CPU counts nothing."""
    assert hours(after(Account(), [workload()])) == {ADA: pytest.approx(1.0)}


def test_what_has_ended_counts_to_its_end_and_what_waits_counts_nothing() -> None:
    account = after(Account(), [workload("a", hours=3, ended=1), workload("b", hours=None)])
    assert hours(account) == {ADA: pytest.approx(1.0)}


def test_looking_twice_counts_once() -> None:
    account = after(Account(), [workload()])
    assert hours(after(account, [workload()])) == hours(account)
    later = NOW + timedelta(hours=1)
    assert hours(after(account, [workload()], later)) == {ADA: pytest.approx(1.5)}


def test_a_workload_that_is_gone_stays_in_the_account() -> None:
    account = after(after(Account(), [workload()]), [])
    assert hours(account) == {ADA: pytest.approx(1.0)}
    assert account.entries == {}
    assert hours(after(account, [workload("b")])) == {ADA: pytest.approx(2.0)}


def test_time_before_a_preemption_counts_too() -> None:
    """Kueue takes the admission away and keeps the time; what it held is known from the look before."""
    running = after(Account(), [workload(hours=1)])
    evicted = workload(hours=None, past=3600 + 1800)
    assert hours(after(running, [evicted])) == {ADA: pytest.approx(0.75)}
    again = workload(hours=1, past=3600)
    assert hours(after(Account(), [again])) == {ADA: pytest.approx(1.0)}


def test_a_new_month_starts_from_nothing_and_counts_only_its_own_time() -> None:
    account = after(Account(), [workload()])
    first = datetime(2026, 12, 1, 1, 0, tzinfo=NOW.tzinfo)
    seen = after(account, [workload()], first - timedelta(hours=1, seconds=1))
    assert hours(seen)[ADA] > 100
    assert hours(after(seen, [workload()], first))[ADA] == pytest.approx(0.5, abs=0.001)


def test_what_started_in_a_month_before_counts_from_the_first_of_this_one() -> None:
    """As seen by a service that is new: noon of the 20th is 468 hours into November."""
    account = after(Account(), [workload(hours=1000, count=8)])
    assert hours(account) == {ADA: pytest.approx(468.0)}


def test_a_clock_that_goes_back_takes_nothing_away() -> None:
    account = after(Account(), [workload()])
    assert hours(after(account, [workload()], NOW - timedelta(hours=1))) == hours(account)


def test_the_account_can_be_kept_and_read_back() -> None:
    account = after(after(Account(), [workload(), workload("b", engineer="")]), [workload("b", engineer="")])
    assert load(dump(account)) == account


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"month": "2026-11", "entries": {"a": {}}, "gone": []}'])
def test_a_text_that_is_no_account_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        load(text)
