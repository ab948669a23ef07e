from __future__ import annotations

import pytest
from controls.catalogue import CONTROLS

from cli.errors import CommandRefused
from cli.policy_catalogue import chosen, explain, show_list


def test_the_list_has_a_line_for_every_control(capsys: pytest.CaptureFixture[str]) -> None:
    show_list()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(CONTROLS)


@pytest.mark.parametrize("id_", sorted(CONTROLS))
def test_every_control_is_explained_with_reason_sources_examples_and_repair(
    id_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    explain(id_.lower())
    text = capsys.readouterr().out
    control = CONTROLS[id_]
    for part in (control.title, control.why, control.fix, control.anchors[0], "\nBad:\n  ", "\nGood:\n  "):
        assert part in text


def test_a_rule_about_exemptions_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    explain("EX-02")
    assert "Every exemption exempts something" in capsys.readouterr().out


def test_a_control_that_there_is_not_is_refused_with_where_to_look() -> None:
    with pytest.raises(CommandRefused, match="'banana': no such control; `mlops policy list` shows all"):
        chosen("banana")


@pytest.mark.parametrize("given", ["WL05", "wl-5", "WL-O5"])
def test_the_control_that_was_meant_is_named(given: str) -> None:
    with pytest.raises(CommandRefused, match=f"'{given}': no such control; did you mean WL-05?"):
        explain(given)
