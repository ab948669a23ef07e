"""Which plans a review makes of a stack, by the engine and by which revision has the stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli import review_stack
from cli.engines import Engine
from cli.review_stack import reviewed
from engine.plan import Plan
from tests.cli.review_samples import SERVER, plan

NOTHING = Plan(resources=(), violations=(), outputs={})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was planned, by whom; the base has one server, the working tree and the real state have nothing."""
    found: list[str] = []

    def base_plan(folder: Path, stack: str) -> list[dict[str, Any]]:
        found.append("base")
        return plan()

    def planned(chosen: str, pulumi: str | None, *, against_state: bool) -> Plan:
        found.append("state" if against_state else "here")
        return NOTHING

    monkeypatch.setattr(review_stack, "base_plan", base_plan)
    monkeypatch.setattr(review_stack, "planned", planned)
    monkeypatch.setattr(review_stack, "target", str)
    monkeypatch.setattr(review_stack, "real", lambda *_: "pulumi")
    monkeypatch.setenv("PATH", "")
    return found


def checkout(folder: Path, *stacks: str) -> Path:
    folder.mkdir()
    for stack in stacks:
        (folder / f"Pulumi.{stack}.yaml").write_text("config: {}\n")
    return folder


def test_the_base_is_planned_where_two_revisions_are_compared(tmp_path: Path, asked: list[str]) -> None:
    root, before = checkout(tmp_path / "root", "dev"), checkout(tmp_path / "before", "dev")
    found = reviewed(root, before, "dev", Engine.EMBEDDED)
    assert sorted(asked) == ["base", "here"]
    assert SERVER in [one.urn for one in found.changes if one.operation == "delete"]


def test_the_base_is_not_planned_where_the_real_state_says_what_changes(
    tmp_path: Path, asked: list[str]
) -> None:
    root, before = checkout(tmp_path / "root", "dev"), checkout(tmp_path / "before", "dev")
    found = reviewed(root, before, "dev", Engine.PULUMI)
    assert sorted(asked) == ["here", "state"]
    assert (found.changes, found.broken) == ((), "")


@pytest.mark.parametrize("engine", [Engine.EMBEDDED, Engine.PULUMI])
def test_a_stack_that_the_change_deletes_is_compared_with_the_base(
    tmp_path: Path, asked: list[str], engine: Engine
) -> None:
    root, before = checkout(tmp_path / "root"), checkout(tmp_path / "before", "dev")
    found = reviewed(root, before, "dev", engine)
    assert asked == ["base"]
    assert {one.operation for one in found.changes} == {"delete"}
    assert found.broken == ""
