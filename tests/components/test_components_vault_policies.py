"""The store's policies: from the matrix, cell by cell, and never wider than a folder of one mount."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from components.secrets.vault_policies import (
    kv_read,
    kv_write,
    policy,
    role_policies,
    role_policy_name,
    role_rules,
    tenant_folder,
    tenant_policy_name,
)
from config.access import LIMITED_SECRETS, MATRIX, Cell, Grant, Matrix, Role
from config.errors import AccessError
from config.schema import SecretStoreSettings, TrackingSettings
from config.secret_paths import SecretPath

MOUNT = "kv"
READ, WRITE = MATRIX.permission("read", "secrets"), MATRIX.permission("write", "secrets")
FOLDERS = sorted(
    {folder for folders in LIMITED_SECRETS.values() for folder in folders} | {"oidc", "tenants/a"}
)
ESCAPES = [
    "..",
    "../sys",
    "a/../b",
    "/a",
    "a/",
    "a//b",
    "*",
    "a/*",
    "+/a",
    "a/+",
    "",
    "A",
    "a b",
    "a\n",
    'a"',
    "a%2fb",
]


def rules_in(text: str) -> dict[str, set[str]]:
    """A policy as the store reads it."""
    block = re.compile(r'path "([^"]+)" \{\n  capabilities = \[([^\]]*)\]\n\}\n')
    found = {path: set(re.findall(r'"(\w+)"', verbs)) for path, verbs in block.findall(text)}
    assert block.sub("", text).strip() in {"", "# Nothing."}, "the text holds more than blocks"
    return found


def allowed(text: str, path: str) -> set[str]:
    """What a policy allows on a path: the longest pattern that fits decides, as in the store."""
    rules = rules_in(text)
    fits = [one for one in rules if one == path or (one[-1] == "*" and path.startswith(one[:-1]))]
    return rules[max(fits, key=len)] if fits else set()


def of(role: Role, matrix: Matrix = MATRIX) -> str:
    return role_policies(matrix, MOUNT)[role_policy_name(role)]


def may_read(role: Role, folder: str) -> bool:
    match MATRIX.grant(READ, role):
        case Grant.YES:
            return True
        case Grant.LIMITED:
            return folder in LIMITED_SECRETS[role]
        case _:
            return False


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("role", Role)
def test_a_role_reads_the_folders_that_the_matrix_gives_it_and_no_other(role: Role, folder: str) -> None:
    expected = may_read(role, folder)
    assert ("read" in allowed(of(role), f"{MOUNT}/data/{folder}/x")) == expected
    assert ("list" in allowed(of(role), f"{MOUNT}/metadata/{folder}/")) == expected


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("role", Role)
def test_a_role_writes_only_if_the_matrix_says_so(role: Role, folder: str) -> None:
    expected = MATRIX.grant(WRITE, role) is Grant.YES
    writing = {"create", "update", "delete"}
    assert (writing <= allowed(of(role), f"{MOUNT}/data/{folder}/x")) == expected
    assert bool(writing & allowed(of(role), f"{MOUNT}/data/{folder}/x")) == expected


def test_the_matrix_grants_every_kind_of_answer_so_that_these_tests_see_each() -> None:
    assert {MATRIX.grant(READ, role) for role in Role} == {Grant.YES, Grant.LIMITED, Grant.NO}


@pytest.mark.parametrize("cell", list(MATRIX.cells()), ids=lambda cell: f"{cell.permission.name}-{cell.role}")
def test_a_change_of_one_cell_changes_that_cells_policy_and_no_other(cell: Cell) -> None:
    before = role_policies(MATRIX, MOUNT)
    tried = 0
    for grant in set(Grant) - {cell.grant}:
        try:
            changed = MATRIX.replaced(cell.permission, cell.role, grant)
        except AccessError:
            continue
        tried += 1
        after = role_policies(changed, MOUNT)
        moved = {name for name in before if before[name] != after[name]}
        assert moved == ({role_policy_name(cell.role)} if cell.permission.resource == "secrets" else set())
    assert tried


@pytest.mark.parametrize("role", [Role.LABELER, Role.VIEWER])
def test_a_role_without_a_grant_has_a_policy_that_allows_nothing(role: Role) -> None:
    assert rules_in(of(role)) == {}


def test_every_role_has_its_policy() -> None:
    assert role_policies(MATRIX, MOUNT).keys() == {f"mlops-{role.value}" for role in Role}


@pytest.mark.parametrize("role", Role)
def test_no_path_lies_outside_of_the_mount_and_none_is_the_mount_itself(role: Role) -> None:
    for path in role_rules(MATRIX, role, MOUNT):
        assert re.fullmatch(rf"{MOUNT}/(data|metadata|delete|undelete)/([a-z0-9-]+/)*\*", path), path


@pytest.mark.parametrize("role", Role)
def test_no_role_is_above_the_policies_or_can_destroy_versions(role: Role) -> None:
    verbs = {verb for capabilities in rules_in(of(role)).values() for verb in capabilities}
    assert verbs <= {"create", "read", "update", "delete", "list"}
    assert not allowed(of(role), f"{MOUNT}/destroy/mlflow/x")
    assert "delete" not in allowed(of(role), f"{MOUNT}/metadata/mlflow/x"), "that deletes every version"


@pytest.mark.parametrize(
    "path", ["sys/policies/acl/mlops-admin", "auth/oidc/role/admin", "database/creds/mlflow"]
)
@pytest.mark.parametrize("role", Role)
def test_no_role_reaches_what_is_no_secret_of_the_mount(role: Role, path: str) -> None:
    assert allowed(of(role), path) == set()


def test_a_folder_ends_at_its_name() -> None:
    rules = policy(kv_read(MOUNT, "mlflow"))
    assert allowed(rules, f"{MOUNT}/data/mlflow/x") == {"read"}
    assert allowed(rules, f"{MOUNT}/data/mlflow-of-others/x") == set()


def test_a_tenant_reads_its_own_folder_and_not_that_of_a_namesake() -> None:
    rules = policy(kv_read(MOUNT, tenant_folder("vision")))
    assert allowed(rules, f"{MOUNT}/data/{tenant_folder('vision')}/x") == {"read"}
    assert allowed(rules, f"{MOUNT}/data/{tenant_folder('vision-2')}/x") == set()
    assert tenant_policy_name("vision") != tenant_policy_name("vision-2")


def test_no_tenants_policy_can_be_mistaken_for_a_roles() -> None:
    assert tenant_policy_name("admin") not in role_policies(MATRIX, MOUNT)


def test_a_deleted_version_can_be_brought_back() -> None:
    assert allowed(policy(kv_write(MOUNT)), f"{MOUNT}/undelete/mlflow/x") == {"update"}


def test_rights_of_two_rows_on_one_path_add_up() -> None:
    """One block per path: of two, the store would keep the last."""
    data = rules_in(of(Role.ADMIN))[f"{MOUNT}/data/*"]
    assert data == {"create", "read", "update", "delete"}


@pytest.mark.parametrize("folders", LIMITED_SECRETS.values(), ids=LIMITED_SECRETS)
def test_the_limited_folders_are_paths_that_settings_could_hold(folders: tuple[str, ...]) -> None:
    for folder in folders:
        TypeAdapter(SecretPath).validate_python(folder)


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_escapes_its_mount_is_refused_with_its_key(path: str) -> None:
    endpoint = {"host": "db.example.com", "port": 5432}
    data = {
        "replicas": 1,
        "database": endpoint,
        "artifacts": endpoint,
        "bucket": "models",
        "secretPath": path,
    }
    with pytest.raises(ValidationError) as refused:
        TrackingSettings.model_validate(data)
    assert [error["loc"] for error in refused.value.errors()] == [("secretPath",)]


@pytest.mark.parametrize(
    "mount", [*ESCAPES, "secret/more", "sys", "auth", "identity", "cubbyhole", "database", "pki-mesh"]
)
def test_a_mount_that_is_nested_or_somebody_elses_is_refused_with_its_key(mount: str) -> None:
    data = {"backend": "vault", "address": "https://vault.example.com", "mount": mount}
    with pytest.raises(ValidationError) as refused:
        SecretStoreSettings.model_validate(data)
    assert [error["loc"] for error in refused.value.errors()] == [("mount",)]
