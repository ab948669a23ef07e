from __future__ import annotations

import time
from pathlib import Path

import pytest

from cli.console import ConsoleProgress, PlainStep, err, escaped, writing
from cli.errors import CommandRefused


def test_a_step_in_a_log_is_told_at_its_begin_and_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    with ConsoleProgress().step("building etcd"):
        pass
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("… building etcd\n✓ building etcd")


def test_a_failed_step_is_marked_and_its_error_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="boom"), ConsoleProgress().step("building etcd"):
        raise ValueError("boom")
    assert "✗ building etcd" in capsys.readouterr().err


def test_a_busy_step_fills_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    step = PlainStep("download", time.monotonic())
    for percent in range(100):
        step.update(f"{percent} %")
    assert capsys.readouterr().err.splitlines() == ["  download: 0 % (0 s)"]


def test_text_from_elsewhere_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    err.print(escaped("a[red]b[/]c"))
    assert capsys.readouterr().err == "a[red]b[/]c\n"


def test_what_cannot_be_written_is_refused_with_its_option(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "plan.mmd"
    with pytest.raises(CommandRefused) as refused, writing("--graph"):
        missing.write_text("x")
    assert str(refused.value) == f"--graph {missing}: cannot be written: No such file or directory"
