from __future__ import annotations

import threading
from dataclasses import replace

import httpx
import pytest

from config.access import MATRIX, Enforcer, Grant, Role
from proof.cells import Answer, Asked, Record, Scope, verdict
from proof.errors import Refused, Stopped, Unexpected

ROW = MATRIX.permission("create", "dev environment")


def asked(mine: list[bool | None], others: list[bool | None]) -> tuple[Asked, ...]:
    both = [(Scope.MINE, one) for one in mine] + [(Scope.OTHERS, one) for one in others]
    return tuple(
        Asked(permission=ROW, scope=scope, question=f"{scope.value} {number}", allowed=allowed)
        for number, (scope, allowed) in enumerate(both)
    )


def answer(*questions: Asked, expected: Grant = Grant.OWN, gap: str = "") -> Answer:
    return Answer(
        permission=ROW,
        role=Role.ML_ENGINEER,
        expected=expected,
        enforcer=Enforcer.KUBERNETES,
        asked=questions,
        gap=gap,
    )


@pytest.mark.parametrize(
    ("mine", "others", "amounts_to"),
    [
        ([True, True], [True], Grant.YES),
        ([True], [False, False], Grant.OWN),
        ([False], [False], Grant.NO),
        ([], [True, True], Grant.YES),
        ([], [False], Grant.NO),
        ([True], [], Grant.YES),
        ([False], [True], None),
        ([True, False], [True], None),
        ([True], [True, False], None),
        ([], [True, False], None),
        ([None], [False], None),
        ([], [], None),
    ],
)
def test_own_is_what_is_allowed_on_own_things_and_on_no_others(
    mine: list[bool | None], others: list[bool | None], amounts_to: Grant | None
) -> None:
    found = answer(*asked(mine, others))
    assert found.answered is amounts_to
    assert found.failed is (amounts_to is not Grant.OWN)


def test_of_secrets_a_part_is_limited() -> None:
    found = replace(answer(*asked([True], [False]), expected=Grant.LIMITED), enforcer=Enforcer.VAULT)
    assert found.answered is Grant.LIMITED
    assert not found.failed


def test_a_cell_of_which_nothing_was_asked_has_failed() -> None:
    found = answer(expected=Grant.NO)
    assert found.failed
    assert found.detail == "nothing was asked"


def test_a_gap_leaves_a_cell_uncovered_as_long_as_all_that_could_be_asked_was_refused() -> None:
    assert not answer(gap="not there yet").covered
    assert not answer(*asked([], [False, False]), gap="not there yet").covered
    assert not answer(*asked([], [False]), gap="not there yet").failed
    assert answer(gap="not there yet").detail == "not there yet"


@pytest.mark.parametrize("others", [[True], [False, True]])
def test_a_gap_hides_nothing_that_was_let_through(others: list[bool | None]) -> None:
    assert answer(*asked([], others), gap="not there yet").failed


def test_a_gap_hides_no_trouble() -> None:
    broken = replace(asked([], [None])[0], trouble="the server is gone")
    assert answer(broken, gap="not there yet").failed


def test_what_was_answered_otherwise_is_named_and_nothing_else() -> None:
    found = answer(*asked([True, False], [True, False]))
    assert found.detail == "mine 1: refused; others 2: allowed"
    assert answer(*asked([True], [False])).detail == "2 asked"


def test_a_record_keeps_what_went_wrong_and_goes_on() -> None:
    record = Record()

    def broken() -> bool:
        raise Refused("the token is refused")

    record.ask(ROW, Scope.MINE, "first", broken)
    record.ask(ROW, Scope.MINE, "second", lambda: True)
    first, second = record.asked
    assert (first.allowed, first.trouble) == (None, "the token is refused")
    assert (second.allowed, second.trouble) == (True, "")


def test_rows_whose_asking_broke_off_have_no_answer() -> None:
    record = Record()
    record.ask(ROW, Scope.OTHERS, "first", lambda: False)
    record.broke_off([ROW], Unexpected("the server is gone"))
    found = answer(*record.asked, expected=Grant.NO)
    assert found.failed
    assert found.detail == "asking: the server is gone"


@pytest.mark.parametrize(
    ("status", "said"), [(200, True), (201, True), (204, True), (401, False), (403, False)]
)
def test_a_status_is_yes_or_no(status: int, said: bool) -> None:
    assert verdict(httpx.Response(status, request=httpx.Request("GET", "https://a.test/b"))) is said


@pytest.mark.parametrize("status", [302, 400, 404, 409, 429, 500, 503])
def test_any_other_status_is_neither(status: int) -> None:
    """A server that has no such thing, or is broken, has not refused anybody."""
    secret = httpx.Request("GET", "https://a.test/b?token=secret", headers={"Authorization": "Bearer secret"})
    with pytest.raises(Unexpected, match=f"GET /b was answered {status}") as caught:
        verdict(httpx.Response(status, request=secret))
    assert "secret" not in str(caught.value)


def test_nothing_is_asked_after_an_interrupt() -> None:
    stop = threading.Event()
    record = Record(stop)
    record.ask(ROW, Scope.MINE, "before", lambda: True)
    stop.set()
    with pytest.raises(Stopped):
        record.ask(ROW, Scope.MINE, "after", lambda: True)
    assert [one.question for one in record.asked] == ["before"]
