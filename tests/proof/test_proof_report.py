from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from config.access import MATRIX, Enforcer, Grant, Role
from lab.progress import SilentProgress
from proof.prove import ask
from proof.report import Report, lines, table
from tests.proof.keycloak_pages import Pages
from tests.proof.provers import Faithful, everybody

ROW = MATRIX.permission("write", "secrets")


@pytest.fixture
def spoilt(pages: Pages) -> Report:
    """A report in which the store lets a viewer write."""
    matrix = MATRIX.replaced(ROW, Role.VIEWER, Grant.YES)
    provers = [Faithful(one, matrix) for one in Enforcer if one is not Enforcer.LABEL_STUDIO]
    answers = ask(MATRIX, provers, everybody(pages), SilentProgress())
    return Report(answers=tuple(answers), seconds=12.34)


def test_the_json_has_every_cell_and_names_what_failed_and_what_is_uncovered(spoilt: Report) -> None:
    found = json.loads(json.dumps(spoilt.as_json()))
    assert len(found["cells"]) == 138
    assert len(found["without_role"]) == 23
    assert found["failed"] == [
        "secrets: write (viewer): mine secrets: write: allowed; others secrets: write: allowed"
    ]
    assert len(found["uncovered"]) == 12
    assert found["uncovered"][0] == "labeling: label (admin): Label Studio does not exist yet"
    assert found["seconds"] == 12.3
    (cell,) = [
        c for c in found["cells"] if (c["resource"], c["action"], c["role"]) == ("secrets", "write", "viewer")
    ]
    assert (cell["expected"], cell["answered"], cell["enforcer"]) == ("no", "yes", "vault")


def test_an_uncovered_cell_has_no_answer(spoilt: Report) -> None:
    cells = [cell for cell in spoilt.as_json()["cells"] if cell["resource"] == "labeling"]
    assert {cell["answered"] for cell in cells} == {None}


def test_one_wrong_answer_is_enough_for_nothing_to_be_proved(spoilt: Report) -> None:
    assert not spoilt.proved
    right = Report(answers=tuple(one for one in spoilt.answers if not one.failed), seconds=0)
    assert right.proved, "an uncovered cell is told and is no failure"


def test_the_summary_counts_each_cell_once(spoilt: Report) -> None:
    told = spoilt.summary()
    assert told == "138 cells: 125 answered as the matrix says, 1 otherwise, 12 uncovered; 12.3 s"


def test_the_table_shows_every_row_and_marks_what_is_otherwise(spoilt: Report) -> None:
    printed = io.StringIO()
    Console(file=printed, width=200).print(table(spoilt))
    text = printed.getvalue()
    assert "\x1b" not in text
    assert len(text.strip().splitlines()) == 24
    (row,) = [line for line in text.splitlines() if line.startswith("secrets") and " write " in line]
    assert "yes, not no" in row
    assert "(yes)" in text, "an uncovered cell stands in brackets"


def test_the_lines_name_every_cell_that_is_not_right(spoilt: Report) -> None:
    told = list(lines(spoilt))
    assert len(told) == 13
    assert "secrets: write (viewer)" in told[0]
