"""The public suites' own cases, where they lie beside the checkout, judged by every control that there is."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from controls.catalogue import CONTROLS
from controls.configuration import Configuration, parse
from controls.item import Item
from controls.judge import Judge, defects
from controls.objects import items

CASES: Final = Path(__file__).parents[3] / "shared/policy-cases"
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the sample cases are not beside this checkout")


def cases(index: str) -> list[dict[str, Any]]:
    file = CASES / index
    if not file.is_file():
        return []
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["cases"]
    return found


def hit(case: dict[str, Any]) -> bool:
    """Whether the case's control finds something; of a control with parts in a set, the named part."""
    configuration = parse(case.get("config"))
    assert configuration.problems == ()
    text = (CASES / case["file"]).read_text(encoding="utf-8")
    stack = [item for document in yaml.safe_load_all(text) for item in items(document)]
    if case["scope"] == "resource":
        return case["catalogue"] in {control for one in stack for control in alone(one, configuration)}
    return any(
        control == case["catalogue"] and message.startswith(case.get("subrule", ""))
        for control, _, message in defects(stack, configuration.settings)
    )


def alone(item: Item, configuration: Configuration) -> list[str]:
    return [finding.control for finding in Judge(configuration, date.min).item(item).findings]


@pytest.mark.parametrize("case", cases("index.json"), ids=lambda case: case["id"])
def test_a_manifest_is_judged_as_its_suite_judges_it(case: dict[str, Any]) -> None:
    assert hit(case) is (case["expected"] == "violation")


@pytest.mark.parametrize("case", cases("index-stack.json"), ids=lambda case: case["id"])
def test_a_set_of_manifests_is_judged_as_its_suite_judges_it(case: dict[str, Any]) -> None:
    assert hit(case) is (case["expected"] == "violation")


def test_no_control_misses_more_than_a_tenth_either_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the rates by control, of single manifests and of sets."""
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in (*cases("index.json"), *cases("index-stack.json")):
        right[case["catalogue"], case["expected"]].append(hit(case) is (case["expected"] == "violation"))
    with capsys.disabled():
        for (control, expected), found in sorted(right.items()):
            print(f"{control} {expected:9} {sum(found)}/{len(found)}")
    assert {control for control, _ in right} <= set(CONTROLS)
    assert [key for key, found in right.items() if sum(found) < 0.9 * len(found)] == []
