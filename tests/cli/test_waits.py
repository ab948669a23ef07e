from __future__ import annotations

from itertools import pairwise
from typing import Any

from cli.waits import FIRST, LONGEST, Waits
from engine.events import Event


def event(kind: Any, urn: str = "a", *, message: str = "", seconds: float = 0.0) -> Event:
    return Event(
        kind=kind, urn=urn, name=urn, cluster=None, operation="create", message=message, seconds=seconds
    )


def told(waits: Waits, now: float) -> list[tuple[str, str, float]]:
    return [(event.urn, event.message, seconds) for event, seconds in waits.due(now)]


def test_a_wait_that_ends_in_time_is_never_told() -> None:
    waits = Waits()
    waits.hear(event("progress", message="0 of 1"), 100.0)
    assert told(waits, 100.0 + FIRST - 0.1) == []
    waits.hear(event("done"), 104.9)
    assert told(waits, 1000.0) == []


def test_a_wait_that_lasts_is_told_with_its_latest_message_and_its_whole_time() -> None:
    waits = Waits()
    waits.hear(event("progress", message="0 of 2", seconds=2.0), 100.0)
    waits.hear(event("progress", message="1 of 2", seconds=3.0), 101.0)
    assert told(waits, 102.9) == []
    assert told(waits, 103.0) == [("a", "1 of 2", 5.0)]


def test_the_intervals_grow_up_to_the_longest() -> None:
    waits = Waits()
    waits.hear(event("progress"), 0.0)
    moments = [now for now in range(400) if told(waits, float(now))]
    gaps = [after - before for before, after in pairwise(moments)]
    assert moments[0] == FIRST
    assert gaps[:4] == [10, 20, 40, LONGEST]
    assert set(gaps[3:]) == {LONGEST}


def test_waits_side_by_side_end_each_by_itself() -> None:
    waits = Waits()
    for urn in ("a", "b", "c"):
        waits.hear(event("progress", urn), 0.0)
    waits.hear(event("failed", "a"), 1.0)
    waits.hear(event("skipped", "b"), 1.0)
    assert [urn for urn, _, _ in told(waits, 10.0)] == ["c"]


def test_a_beginning_alone_is_no_wait() -> None:
    waits = Waits()
    waits.hear(event("start"), 0.0)
    assert told(waits, 1000.0) == []
