from __future__ import annotations

from types import MappingProxyType

import pytest

from config.access import (
    BREAK_GLASS,
    LIMITED_SECRETS,
    MATRIX,
    OWNED,
    Cell,
    Enforcer,
    Grant,
    Matrix,
    Permission,
    Role,
    permissions,
    role_named,
)
from config.errors import AccessError

READ_SECRETS = MATRIX.permission("read", "secrets")
UPLOAD = MATRIX.permission("upload", "data")


def test_there_are_23_rows_for_six_roles_and_every_cell_has_an_enforcer() -> None:
    cells = list(MATRIX.cells())
    assert len(MATRIX.grants) == 23
    assert len(cells) == len({(cell.permission, cell.role) for cell in cells}) == 138
    assert {cell.enforcer for cell in cells} == set(Enforcer)


def test_an_administrator_may_do_everything_and_alone_write_secrets_and_manage_users() -> None:
    assert {cell.grant for cell in MATRIX.cells() if cell.role is Role.ADMIN} == {Grant.YES}
    for verb, resource in [("create", "users"), ("assign roles", "users"), ("write", "secrets")]:
        assert MATRIX.holders(MATRIX.permission(verb, resource)) == (Role.ADMIN,)


def test_nobody_reads_all_secrets_but_an_administrator() -> None:
    assert MATRIX.holders(READ_SECRETS, Grant.YES) == (Role.ADMIN,)
    assert set(MATRIX.holders(READ_SECRETS, Grant.LIMITED)) == set(LIMITED_SECRETS)


def test_the_group_of_last_resort_is_none_of_the_roles() -> None:
    assert BREAK_GLASS not in set(Role)


def test_a_row_is_found_by_one_of_its_verbs_in_any_spelling_of_the_words() -> None:
    assert MATRIX.permission("roll-back", "Deployment").name == "deployment-roll-back"
    assert MATRIX.permission("delete", "dev-environment").verbs == ("create", "delete")


@pytest.mark.parametrize(
    ("verb", "resource", "message"),
    [
        ("read", "experimnt", "resource: given 'experimnt', did you mean 'experiment'?"),
        ("read", "volumes", "the matrix has no such one. Known: dev environment, experiment"),
        ("aprove", "model registry", "action on model registry: given 'aprove', did you mean 'approve'?"),
        ("deploy", "pipeline", "action on pipeline: given 'deploy'"),
    ],
)
def test_a_resource_or_action_that_the_matrix_does_not_have_is_refused(
    verb: str, resource: str, message: str
) -> None:
    with pytest.raises(AccessError) as error:
        MATRIX.permission(verb, resource)
    assert message in str(error.value)


@pytest.mark.parametrize("name", ["Admin", "ML-engineer", "admins", "break-glass", "", " viewer"])
def test_a_role_is_known_by_its_exact_name_alone(name: str) -> None:
    with pytest.raises(AccessError, match="role: given"):
        role_named(name)


def test_the_nearest_role_is_named() -> None:
    assert role_named("viewer") is Role.VIEWER
    with pytest.raises(AccessError, match="did you mean 'ml-engineer'"):
        role_named("mlengineer")


def test_another_cell_leaves_the_matrix_as_it_was() -> None:
    changed = MATRIX.replaced(UPLOAD, Role.VIEWER, Grant.YES)
    assert MATRIX.grant(UPLOAD, Role.VIEWER) is Grant.NO
    differing = {
        (mine.permission, mine.role): theirs.grant
        for mine, theirs in zip(MATRIX.cells(), changed.cells(), strict=True)
        if mine != theirs
    }
    assert differing == {(UPLOAD, Role.VIEWER): Grant.YES}


@pytest.mark.parametrize(
    ("cell", "grant"),
    [
        ((UPLOAD, Role.VIEWER), Grant.OWN),
        ((UPLOAD, Role.VIEWER), Grant.LIMITED),
        ((MATRIX.permission("write", "secrets"), Role.ML_ENGINEER), Grant.LIMITED),
        ((READ_SECRETS, Role.VIEWER), Grant.LIMITED),
        ((READ_SECRETS, Role.ML_ENGINEER), Grant.OWN),
        ((MATRIX.permission("register", "model registry"), Role.VIEWER), Grant.OWN),
    ],
)
def test_a_grant_that_its_server_could_not_tell_from_a_wider_one_is_refused(
    cell: tuple[Permission, Role], grant: Grant
) -> None:
    with pytest.raises(AccessError, match=f"no server can hold {cell[1]} to '{grant}'"):
        MATRIX.replaced(*cell, grant)


def test_what_has_an_owner_can_be_granted_as_own() -> None:
    assert {row.resource for row, cells in MATRIX.grants.items() if Grant.OWN in cells.values()} <= OWNED


def test_a_row_that_leaves_a_role_out_is_refused() -> None:
    row = MappingProxyType({Role.ADMIN: Grant.YES})
    with pytest.raises(AccessError, match="rows without a grant for every role: data: upload"):
        Matrix(grants={**MATRIX.grants, UPLOAD: row}, enforcers=MATRIX.enforcers)


def test_a_resource_that_no_server_answers_for_is_refused() -> None:
    enforcers = {name: one for name, one in MATRIX.enforcers.items() if name != "data"}
    with pytest.raises(AccessError, match="resources that no server answers for: data"):
        Matrix(grants=MATRIX.grants, enforcers=enforcers)


def test_the_gate_is_told_the_cells_of_its_own_rows() -> None:
    told = permissions(MATRIX)
    cells = [cell for cell in MATRIX.cells() if cell.enforcer is Enforcer.TRACKING_GATE]
    assert told == {
        name: {cell.role.value: cell.grant.value for cell in cells if cell.permission.name == name}
        for name in {cell.permission.name for cell in cells}
    }


def test_the_name_of_a_row_can_stand_in_the_name_of_an_object() -> None:
    names = {cell.permission.name for cell in MATRIX.cells()}
    assert len(names) == 23
    assert all(name.replace("-", "").isalpha() and name.islower() for name in names)


def test_a_cell_tells_its_row_in_words() -> None:
    cell = next(MATRIX.cells())
    assert isinstance(cell, Cell)
    assert str(cell.permission) == "dev environment: create, delete"
