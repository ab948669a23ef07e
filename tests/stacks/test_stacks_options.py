"""Settings that stack prod leaves off: the packs' configuration that the repository gives for them is enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from controls.control import Level

from tests.stacks.stack_items import CONFIG, configuration_of, items_of, judged
from tests.stacks.stack_options import OPTIONS, STACK, configuration_with, recorded_with


@pytest.mark.parametrize("option", OPTIONS)
def test_with_the_options_entries_the_packs_find_nothing_but_what_the_setting_left_over(
    option: str, tmp_path: Path
) -> None:
    found = judged(items_of(recorded_with(option)), configuration_with(option, tmp_path))
    assert [str(one) for one in found if one.level is Level.MANDATORY] == OPTIONS[option][1]


@pytest.mark.parametrize("option", ["openbao"])
def test_without_them_the_setting_is_refused(option: str) -> None:
    """A ClusterMesh is all in its chart, which a preview without the charts does not see."""
    found = judged(items_of(recorded_with(option)), configuration_of(STACK))
    assert {one.level for one in found if str(one) not in OPTIONS[option][1]} == {Level.MANDATORY}


def test_every_file_of_an_option_is_one_that_is_tried() -> None:
    assert {file.stem for file in (CONFIG / "options").iterdir()} == set(OPTIONS)
