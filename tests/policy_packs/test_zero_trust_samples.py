"""The public suites' own cases, where they lie beside the checkout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from zero_trust.catalogue import CONTROLS

CASES = Path(__file__).parents[3] / "shared/policy-cases"


def _cases() -> list[dict[str, Any]]:
    index = CASES / "index.json"
    if not index.is_file():
        return []
    cases: list[dict[str, Any]] = json.loads(index.read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if case["catalogue"] in CONTROLS]


@pytest.mark.skipif(not CASES.is_dir(), reason="the sample cases are not beside this checkout")
def test_every_control_has_sample_cases_both_ways() -> None:
    assert {(case["catalogue"], case["expected"]) for case in _cases()} == {
        (control, verdict) for control in CONTROLS for verdict in ("pass", "violation")
    }


@pytest.mark.parametrize("case", _cases(), ids=lambda case: case["id"])
def test_a_sample_is_judged_as_its_suite_judges_it(
    case: dict[str, Any], judged: Callable[[object], list[tuple[str, str]]]
) -> None:
    document = yaml.safe_load((CASES / case["file"]).read_text(encoding="utf-8"))
    found = {control for control, _ in judged(document)}
    assert (case["catalogue"] in found) is (case["expected"] == "violation")
    assert not found & set(case.get("also_pass", []))
