from __future__ import annotations

import io
import threading

import pytest

from lab.progress import LineProgress, SilentProgress


def test_each_step_is_told_with_its_time_and_its_end() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream)
    with progress.step("building etcd") as step:
        step.update("compiling")
    lines = [line.split("s  ", 1)[1] for line in stream.getvalue().splitlines()]
    assert lines[:2] == ["building etcd ...", "building etcd: compiling"]
    assert lines[2].startswith("building etcd: done in ")


class Watched(io.StringIO):
    """Knows when so many signs of life have been written."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.seen, self._wanted = threading.Event(), wanted

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.getvalue().count("still at it") >= self._wanted:
            self.seen.set()
        return written


def test_a_step_that_has_nothing_to_tell_shows_that_it_goes_on_and_what_it_does() -> None:
    stream = Watched(wanted=2)
    with LineProgress(stream, every=0.001).step("building etcd") as step:
        step.update("compiling")
        assert stream.seen.wait(10)
    assert "building etcd: still at it after 0 s (compiling)" in stream.getvalue()


def test_no_sign_of_life_comes_after_the_end_of_a_step() -> None:
    before = set(threading.enumerate())
    stream = Watched(wanted=1)
    with LineProgress(stream, every=0.001).step("x"):
        assert stream.seen.wait(10)
    assert "x: done in" in stream.getvalue().splitlines()[-1]
    assert set(threading.enumerate()) <= before


def test_a_step_shorter_than_the_interval_shows_none() -> None:
    stream = io.StringIO()
    with LineProgress(stream).step("x"):
        pass
    assert "still" not in stream.getvalue()


def test_a_failed_step_is_told_as_such_and_its_error_goes_on() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="no"), LineProgress(stream).step("x"):
        raise ValueError("no")
    assert "x: failed after" in stream.getvalue()


def test_the_silent_one_swallows_no_error() -> None:
    with pytest.raises(ValueError, match="no"), SilentProgress().step("x"):
        raise ValueError("no")
