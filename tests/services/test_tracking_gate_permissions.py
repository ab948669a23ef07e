from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tracking_gate import matching
from tracking_gate.app import limits
from tracking_gate.errors import Refused
from tracking_gate.matching import Found
from tracking_gate.permissions import PERMISSIONS, READ, Grant, Matrix, MatrixError, load, parse
from tracking_gate.routes import Kind
from tracking_gate.tokens import Caller

from config.access import MATRIX, Cell, Enforcer, Role
from config.access import Grant as Wanted
from tests.services.conftest import matrix

CELLS = [cell for cell in MATRIX.cells() if cell.enforcer is Enforcer.TRACKING_GATE]
WORDS = {Grant.NO: "no", Grant.OWN: "own", Grant.YES: "yes"}


def test_the_permissions_are_those_of_the_platforms_matrix() -> None:
    assert set(PERMISSIONS) == {row.name for row in MATRIX.of(Enforcer.TRACKING_GATE)}


def test_the_platforms_matrix_is_read_as_it_is_meant() -> None:
    read = parse(matrix())
    for cell in CELLS:
        assert WORDS[read.grant(cell.permission.name, [cell.role])] == cell.grant


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.role}:{cell.permission.name}")
def test_another_cell_changes_that_cell_and_no_other(cell: Cell) -> None:
    before = parse(matrix())
    for grant in {Grant.NO, Grant.YES} - {before.grant(cell.permission.name, [cell.role])}:
        changed = matrix()
        changed[cell.permission.name][cell.role] = WORDS[grant]
        after = parse(changed)
        differing = {
            (name, role)
            for name in PERMISSIONS
            for role in Role
            if before.grant(name, [role]) != after.grant(name, [role])
        }
        assert differing == {(cell.permission.name, cell.role)}


def test_the_widest_grant_of_several_roles_wins_and_others_grant_nothing() -> None:
    read = parse(matrix())
    assert read.grant(READ, [Role.ML_ENGINEER, Role.LABELER]) is Grant.OWN
    assert read.grant(READ, [Role.ML_ENGINEER, Role.VIEWER]) is Grant.YES
    assert read.grant(READ, []) is Grant.NO
    assert read.grant(READ, ["Admin", "ADMIN", "admin ", "superuser", ""]) is Grant.NO


@pytest.mark.parametrize("missing", PERMISSIONS)
def test_without_a_grant_no_route_of_the_permission_is_open(missing: str) -> None:
    one = {name: {"role": "no" if name == missing else "yes"} for name in PERMISSIONS}
    caller = Caller("someone", frozenset({"role"}))
    routes = [route for route in matching.declared() if missing in route.permissions and route.every]
    assert routes
    for route in routes:
        with pytest.raises(Refused) as caught:
            limits(Found(route, {}), caller, parse(one))
        assert caught.value.status == 403
        assert missing in caught.value.message


def test_whoever_may_not_read_every_experiment_is_held_to_own_ones_everywhere() -> None:
    """Also where the permission itself is granted in full: what one may not read, one may not change."""
    caller = Caller("someone", frozenset({"role"}))
    for read in (Wanted.OWN, Wanted.NO):
        one = parse({name: {"role": str(read) if name == READ else "yes"} for name in PERMISSIONS})
        for route in matching.declared():
            if READ in route.permissions or route.scope.kind is Kind.FREE:
                continue
            assert limited(route, caller, one)


def limited(route: matching.Route, caller: Caller, one: Matrix) -> bool:
    if route.scope.kind is Kind.WHOLE:
        with pytest.raises(Refused):
            limits(Found(route, {}), caller, one)
        return True
    return limits(Found(route, {}), caller, one)


def broken(**changes: Any) -> dict[str, Any]:
    return {**matrix(), **changes}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "object"),
        ({}, "exactly the keys"),
        (broken(**{"pipeline-run": {"admin": "yes"}}), "exactly the keys"),
        ({name: row for name, row in matrix().items() if name != READ}, "exactly the keys"),
        (broken(**{READ: {"admin": "yes"}}), "same roles"),
        (broken(**{READ: {}}), READ),
        (broken(**{READ: "yes"}), READ),
        (broken(**{READ: {**matrix()[READ], "admin": "YES"}}), f"{READ}.admin: 'YES'"),
        (broken(**{READ: {**matrix()[READ], "admin": True}}), f"{READ}.admin: True"),
        (broken(**{READ: {**matrix()[READ], "admin": "limited"}}), "limited"),
        (
            broken(**{"model-registry-read": {**matrix()[READ], "admin": "own"}}),
            "model-registry-read.*'own' is none of no, yes",
        ),
    ],
)
def test_a_matrix_that_the_gate_cannot_keep_is_refused(value: Any, words: str) -> None:
    with pytest.raises(MatrixError, match=words):
        parse(value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(MatrixError, match=r"nothing\.json"):
        load(tmp_path / "nothing.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(MatrixError, match=r"broken\.json: no JSON"):
        load(tmp_path / "broken.json")
    (tmp_path / "good.json").write_text(json.dumps(matrix()))
    assert load(tmp_path / "good.json") == parse(matrix())
