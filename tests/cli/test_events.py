from __future__ import annotations

import threading
from typing import Any

import pytest

from cli.events import Printer
from engine.events import Event


def event(kind: Any, operation: str = "create", **more: Any) -> Event:
    return Event(
        **{"kind": kind, "urn": "u", "name": "pod", "cluster": "east", "operation": operation, **more}
    )


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_what_changed_is_a_line_and_what_stayed_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer()
    printer(event("start"))
    printer(event("done", "same"))
    printer(event("done", "create", seconds=1.25))
    assert printed(capsys) == ["  + east pod 1.2 s"]


def test_failures_and_what_they_hold_back_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    printer = Printer()
    printer(event("failed", message="refused: [red]no[/]"))
    printer(event("skipped", message="needs pod", cluster=None))
    assert printed(capsys) == ["  ✗ east pod: refused: [red]no[/]", "  » pod: needs pod"]


@pytest.mark.parametrize(
    ("severity", "before"), [("info", ""), ("warning", "warning: "), ("error", "error: ")]
)
def test_what_the_program_logs_is_shown_with_its_severity(
    capsys: pytest.CaptureFixture[str], severity: str, before: str
) -> None:
    Printer()(event("progress", severity, name="", cluster=None, message="look"))
    assert printed(capsys) == [f"{before}look"]


def test_a_wait_is_told_when_it_lasts_and_not_before(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    printer = Printer(clock=lambda: now)
    printer(event("progress", message="0 of 1 ready"))
    printer.tell_waits()
    assert printed(capsys) == []
    now = 6.0
    printer.tell_waits()
    printer.tell_waits()
    assert printed(capsys) == ["  … east pod: 0 of 1 ready 6 s"]


def test_while_it_is_open_waits_are_told_by_themselves_and_none_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Printer, "EVERY", 0.001)
    looked = threading.Event()
    monkeypatch.setattr(Printer, "tell_waits", lambda _self: looked.set())
    with Printer():
        assert looked.wait(10)
    assert "waits" not in {thread.name for thread in threading.enumerate()}
