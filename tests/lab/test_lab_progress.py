from __future__ import annotations

import io

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


def test_a_failed_step_is_told_as_such_and_its_error_goes_on() -> None:
    stream = io.StringIO()
    with pytest.raises(ValueError, match="no"), LineProgress(stream).step("x"):
        raise ValueError("no")
    assert "x: failed after" in stream.getvalue()


def test_the_silent_one_swallows_no_error() -> None:
    with pytest.raises(ValueError, match="no"), SilentProgress().step("x"):
        raise ValueError("no")
