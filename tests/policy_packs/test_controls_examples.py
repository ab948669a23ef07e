"""The examples of `mlops policy explain` are true: each control finds its bad one and leaves its good one."""

from __future__ import annotations

import pytest
import yaml
from controls.catalogue import CONTROLS
from controls.configuration import parse
from controls.control import Control
from controls.judge import defects
from controls.objects import items

ALL = [pytest.param(control, id=control.id) for control in CONTROLS.values()]


def found(control: Control, text: str) -> list[str]:
    configuration = parse(dict(control.given))
    assert configuration.problems == ()
    stack = [item for document in yaml.safe_load_all(text) for item in items(document)]
    return [message for id_, _, message in defects(stack, configuration.settings) if id_ == control.id]


@pytest.mark.parametrize("control", ALL)
def test_the_bad_example_breaks_the_control_and_the_good_one_does_not(control: Control) -> None:
    assert found(control, control.bad)
    assert found(control, control.good) == []


@pytest.mark.parametrize("control", ALL)
def test_a_control_can_be_asked_about_an_item_or_a_stack(control: Control) -> None:
    assert control.check or control.check_stack
    assert bool(control.check) is bool(control.kinds)
    assert control.why
    assert control.fix
