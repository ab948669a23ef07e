"""One cell of the table is one cell of its servers: read off the derived objects, before and after a change.

What the derivation cannot hold apart is named here, and nothing else is excepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from components.access.cluster_access import group
from config.access import MATRIX, Cell, Enforcer, Grant, Matrix, Permission, Role
from config.errors import AccessError
from tests.components import cluster_judge, mesh_judge
from tests.components.derived import SERVERS, Answers

CELLS = tuple(MATRIX.cells())
USERS = MATRIX.of(Enforcer.KEYCLOAK)
UNCOVERED = {"labeling-label", "labeling-read"}
"""Rows of applications that do not exist yet: nothing is derived from them, so nothing may change with them."""


def every(grant: Grant) -> Matrix:
    matrix = MATRIX
    for cell in CELLS:
        matrix = matrix.replaced(cell.permission, cell.role, grant)
    return matrix


BASES = {"the table": MATRIX, "nobody": every(Grant.NO), "everybody": every(Grant.YES)}
"""A cell must not depend on its neighbours: it is changed in the table, in an empty and in a full one."""


@cache
def answers(base: str) -> dict[str, Answers]:
    return answered(BASES[base])


def answered(matrix: Matrix) -> dict[str, Answers]:
    return {name: ask(matrix) for servers in SERVERS.values() for name, ask in servers.items()}


def told(server: str, row: Permission, grant: Grant) -> str:
    """What a server says of a cell with this grant.

    The mesh lets in who holds a row at all: only the gate behind it knows whose an experiment is. RBAC cannot
    narrow reads: who reads own environments only does so through the platform's API, and not at the API server.
    """
    if grant is Grant.OWN and server == "mesh":
        return Grant.YES.value
    if grant is Grant.OWN and row.name == "dev-environment-read":
        return Grant.NO.value
    return grant.value


def others(matrix: Matrix, cell: Cell) -> Iterator[tuple[Grant, Matrix]]:
    """The matrix with every other grant in that cell which a server could tell from a wider one."""
    for grant in Grant:
        if grant is not matrix.grant(cell.permission, cell.role):
            try:
                yield grant, matrix.replaced(cell.permission, cell.role, grant)
            except AccessError:
                assert grant in {Grant.OWN, Grant.LIMITED}


def changed(base: str, cells: tuple[Cell, ...], grant: Grant) -> dict[str, Answers]:
    """What is to be answered when these cells alone have another grant."""
    expected = {server: dict(found) for server, found in answers(base).items()}
    for cell in cells:
        for server in SERVERS[cell.enforcer]:
            expected[server][cell.permission.name, cell.role] = told(server, cell.permission, grant)
    return expected


def test_every_row_but_those_named_here_is_answered_by_its_servers() -> None:
    for enforcer, servers in SERVERS.items():
        rows = {row.name for row in MATRIX.of(enforcer)}
        for server in servers:
            assert {row for row, _ in answers("the table")[server]} == rows
        assert bool(servers) == bool(rows - UNCOVERED)
    assert set(SERVERS) == set(Enforcer)
    assert {row.name for row in MATRIX.of(Enforcer.LABEL_STUDIO)} == UNCOVERED


@pytest.mark.parametrize("base", BASES)
def test_every_server_answers_every_cell_as_the_table_says(base: str) -> None:
    said = {
        (server, cell.permission.name, cell.role): told(
            server, cell.permission, BASES[base].grant(cell.permission, cell.role)
        )
        for cell in CELLS
        for server in SERVERS[cell.enforcer]
    }
    found = {(server, *cell): word for server, all_ in answers(base).items() for cell, word in all_.items()}
    assert found == said


def case(base: str, cell: Cell) -> Any:
    return pytest.param(cell, base, id=f"{cell.role}:{cell.permission.name} in {base}")


@pytest.mark.parametrize(("cell", "base"), [case(base, cell) for base in BASES for cell in CELLS])
def test_another_cell_of_the_table_is_that_cell_of_its_servers_and_no_other(cell: Cell, base: str) -> None:
    seen = set()
    for grant, matrix in others(BASES[base], cell):
        seen.add(grant)
        if cell.permission in USERS:
            with pytest.raises(AccessError, match=f"Keycloak cannot .*{cell.role}"):
                answered(matrix)
        else:
            assert answered(matrix) == changed(base, (cell,), grant)
    assert seen & {Grant.NO, Grant.YES}


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("role", Role)
def test_the_two_rights_over_users_are_given_and_taken_together(role: Role, base: str) -> None:
    """`manage-users` is one right of Keycloak: a role with one of the rows alone would have both."""
    matrix, had = BASES[base], BASES[base].grant(USERS[0], role)
    grant = Grant.NO if had is Grant.YES else Grant.YES
    cells = tuple(cell for cell in CELLS if cell.permission in USERS and cell.role is role)
    for cell in cells:
        matrix = matrix.replaced(cell.permission, role, grant)
    assert answered(matrix) == changed(base, cells, grant)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.role}:{cell.permission.name}")
def test_a_cell_gives_and_takes_no_right_in_a_cluster_beyond_its_own_row(cell: Cell) -> None:
    """Read off all rights of RBAC, also those that no row's questions ask for."""
    before = cluster_judge.rights(cluster_judge.objects(MATRIX))
    for _, matrix in others(MATRIX, cell):
        after = cluster_judge.rights(cluster_judge.objects(matrix))
        different = {name for name in {*before, *after} if before.get(name, set()) != after.get(name, set())}
        assert different <= {group(cell.role)}
        if cell.enforcer is not Enforcer.KUBERNETES:
            assert not different


def test_no_right_in_a_cluster_belongs_to_two_rows() -> None:
    """Otherwise who holds one of them would hold a part of the other."""
    seen: dict[cluster_judge.Right, str] = {}
    nobody = every(Grant.NO)
    for row in MATRIX.of(Enforcer.KUBERNETES):
        alone = nobody.replaced(row, Role.VIEWER, Grant.YES)
        for right in cluster_judge.rights(cluster_judge.objects(alone)).get(group(Role.VIEWER), set()):
            assert seen.setdefault(right, row.name) == row.name
    assert set(seen.values()) == {row.name for row in MATRIX.of(Enforcer.KUBERNETES)}


@pytest.mark.parametrize("row", MATRIX.of(Enforcer.TRACKING_GATE), ids=lambda row: row.name)
def test_what_belongs_to_no_single_row_is_open_in_the_mesh_to_who_reads_anything(row: Permission) -> None:
    """The pages, and the one query that reads both experiments and models, which the gate narrows to who holds
    both rows."""
    alone = mesh_judge.policies(every(Grant.NO).replaced(row, Role.VIEWER, Grant.YES))
    open_ = {mesh_judge.lets_in(alone, {"roles": ["viewer"]}, one) for one in mesh_judge.shared_requests()}
    assert open_ == {row.verbs == ("read",)}
