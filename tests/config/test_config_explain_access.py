"""Mistakes about access, as they stand in a stack's file: each is told with file, line, key, given and remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.access import Role
from config.errors import Problem, SettingsError
from config.load import read
from config.schema import PlatformSettings

Data = dict[str, Any]
Project = Callable[[Data], Path]


@pytest.fixture
def refused(data: Data, project: Project) -> Callable[[str, Any], Problem]:
    """Puts a value at `a.b` into valid settings and gives the one mistake in the stack's file."""

    def put(path: str, value: Any) -> Problem:
        *above, last = path.split(".")
        here: Any = data
        for part in above:
            here = here[part]
        here[last] = value
        with pytest.raises(SettingsError) as error:
            read(project(data), "dev")
        (problem,) = error.value.problems
        assert problem.file == "Pulumi.dev.yaml"
        assert problem.line is not None
        return problem

    return put


def user(**changes: Any) -> Data:
    return {"username": "ada", "email": "ada@example.com", "firstName": "Ada", "lastName": "L", **changes}


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("ml-enginer", "did you mean 'ml-engineer'? allowed are 'admin', 'ml-engineer'"),
        ("Admin", "did you mean 'admin'?"),
        ("VIEWER", "did you mean 'viewer'?"),
        ("break-glass", "use one of 'admin', 'ml-engineer'"),
        ("cluster-owner", "use one of 'admin', 'ml-engineer'"),
        ("*", "use one of 'admin', 'ml-engineer'"),
        ("", "use one of 'admin', 'ml-engineer'"),
    ],
)
def test_a_role_that_the_matrix_does_not_have_is_refused(
    refused: Callable[[str, Any], Problem], given: str, remedy: str
) -> None:
    problem = refused("access.users", [user(), user(username="bob", roles=["viewer", given])])
    assert problem.key == "settings.access.users[1].roles[1]"
    assert problem.given == f"given {given!r}"
    assert remedy in problem.remedy


def test_a_user_without_a_role_is_allowed_and_has_none(data: Data, project: Project) -> None:
    data["access"]["users"] = [user(), user(username="bob", roles=[]), user(username="eve", roles=["admin"])]
    users = read(project(data), "dev").access.users
    assert [one.roles for one in users] == [(), (), (Role.ADMIN,)]


@pytest.mark.parametrize(
    ("users", "key", "given", "remedy"),
    [
        ([user(teams=["nobody"])], "[0].teams[0]", "given 'nobody'", "no tenant is theirs: use one of 'ml'"),
        ([user(), user()], "[1].username", "given 'ada'", "settings.access.users[0].username has it already"),
        ([user(password="x")], "[0].password", "given an unknown key", "use one of 'username'"),
        ([user(roles="admin")], "[0].roles", "given 'admin'", "use a list"),
        ([user(email="ada")], "[0].email", "given 'ada'", "use one mail address"),
        ([user(username="Ada")], "[0].username", "given 'Ada'", "use lower-case letters"),
    ],
    ids=["team", "twice", "password", "no-list", "mail", "name"],
)
def test_a_user_that_cannot_be_made_is_refused(
    refused: Callable[[str, Any], Problem], users: list[Data], key: str, given: str, remedy: str
) -> None:
    problem = refused("access.users", users)
    assert problem.key == f"settings.access.users{key}"
    assert problem.given == given
    assert remedy in problem.remedy


WILDCARD = "a wildcard lets a stolen code go to a page of its thief"


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("https://*.example.com/callback", WILDCARD),
        ("https://mlflow.example.com/*", WILDCARD),
        ("*", "give at least 9 character"),
        ("http://127.0.0.1:*/callback", WILDCARD),
        ("https://mlflow.example.com/+", WILDCARD),
        ("http://mlflow.example.com/callback", "use an https:// address"),
        ("https://mlflow.example.com/callback#x", "use an https:// address"),
    ],
)
def test_a_client_with_an_address_that_is_not_exact_is_refused(
    refused: Callable[[str, Any], Problem], given: str, remedy: str
) -> None:
    problem = refused("access.redirectUris", {"api": ["https://a.example.com/ok"], "mlflow": [given]})
    assert problem.key == "settings.access.redirectUris.mlflow[0]"
    assert problem.given == f"given {given!r}"
    assert remedy in problem.remedy


def test_addresses_of_a_client_that_does_not_exist_are_refused(
    refused: Callable[[str, Any], Problem],
) -> None:
    problem = refused("access.redirectUris", {"mlflo": ["https://a.example.com/"]})
    assert problem.key == "settings.access.redirectUris.mlflo"
    assert problem.given == "given 'mlflo'"
    assert "did you mean 'mlflow'?" in problem.remedy


ESCAPES = [
    "..",
    "mlflow/..",
    "mlflow/../minio",
    "../minio",
    "./mlflow",
    "/mlflow",
    "mlflow/",
    "a//b",
    "//mlflow",
    "mlflow/*",
    "+/mlflow",
    "%2e%2e",
    "mlflow/%2e%2e/minio",
    "mlflow%2fminio",
    "mlflow%00",
    "mlflow\\minio",
    "mlflow\n",
    "mlflow?list=true",
    "mlflow#x",
    "Mlflow",
    "",
]
ENDPOINTS = ["config", "data", "delete", "destroy", "metadata", "subkeys", "undelete"]
SERVER = {"database": {"host": "db.example.com", "port": 5432}}


@pytest.mark.parametrize("given", ESCAPES)
def test_a_path_that_escapes_its_mount_is_refused(refused: Callable[[str, Any], Problem], given: str) -> None:
    problem = refused("tracking.secretPath", given)
    assert problem.key == "settings.tracking.secretPath"
    assert problem.given == f"given {given!r}"
    assert "use a path below the mount, such as 'mlflow'" in problem.remedy


@pytest.mark.parametrize("given", ESCAPES)
def test_a_path_that_escapes_its_mount_is_refused_for_keycloak_too(
    refused: Callable[[str, Any], Problem], given: str
) -> None:
    problem = refused("access.server", {**SERVER, "secretPath": given})
    assert problem.key == "settings.access.server.secretPath"
    assert problem.given == f"given {given!r}"
    assert "use a path below the mount" in problem.remedy


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("below", ["/mlflow", "/mlflow/database"])
def test_a_path_that_begins_with_the_stores_own_endpoint_is_refused(
    refused: Callable[[str, Any], Problem], endpoint: str, below: str
) -> None:
    problem = refused("tracking.secretPath", f"{endpoint}{below}")
    assert problem.key == "settings.tracking.secretPath"
    assert problem.given == f"given '{endpoint}{below}'"
    assert problem.remedy.startswith(f"leave out '{endpoint}/'")


@pytest.mark.parametrize("folder", ["oidc", "oidc/vault", "tenants", "tenants/mlops-dev"])
def test_a_folder_of_others_is_refused(refused: Callable[[str, Any], Problem], folder: str) -> None:
    problem = refused("tracking.secretPath", folder)
    assert problem.given == f"given '{folder}'"
    assert problem.remedy.startswith("use a folder of its own, such as 'mlflow'")


def test_an_endpoint_alone_is_no_path(refused: Callable[[str, Any], Problem]) -> None:
    problem = refused("tracking.secretPath", "data")
    assert (problem.key, problem.given) == ("settings.tracking.secretPath", "given 'data'")
    assert problem.remedy.startswith("use another name, such as 'mlflow'")


@pytest.mark.parametrize("given", ["mlflow", "team/mlflow", "team/data", "data-sets", "a/b/c"])
def test_a_path_below_the_mount_is_taken(data: Data, given: str) -> None:
    data["tracking"]["secretPath"] = given
    assert PlatformSettings.model_validate(data).tracking.secret_path == given


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("sys", "the store has something else at 'sys'"),
        ("auth", "the store has something else at 'auth'"),
        ("identity", "the store has something else at 'identity'"),
        ("database", "the store has something else at 'database'"),
        ("pki-mesh", "the store has something else at 'pki-mesh'"),
        ("secret/team", "use one name without '/'"),
        ("..", "use a path below the mount"),
        ("/secret", "use a path below the mount"),
        ("%2e%2e", "use a path below the mount"),
    ],
)
def test_a_mount_that_is_not_our_own_is_refused(
    refused: Callable[[str, Any], Problem], given: str, remedy: str
) -> None:
    problem = refused("secrets.mount", given)
    assert problem.key == "settings.secrets.mount"
    assert problem.given == f"given {given!r}"
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("key", "given", "remedy"),
    [
        ("accessToken", 3600, "use at most 900"),
        ("accessToken", 30, "use at least 60"),
        ("idle", 60, "use at least 300"),
        ("session", 90_000, "use at most 86400"),
        ("accessToken", "300", "use a whole number, without quotes"),
    ],
)
def test_a_login_that_lives_too_long_or_too_short_is_refused(
    refused: Callable[[str, Any], Problem], key: str, given: Any, remedy: str
) -> None:
    problem = refused("access.lifetimes", {key: given})
    assert problem.key == f"settings.access.lifetimes.{key}"
    assert problem.given == f"given {given!r}"
    assert remedy in problem.remedy


@pytest.mark.parametrize("given", [0, -1, "1"])
def test_keys_are_numbered_from_one(refused: Callable[[str, Any], Problem], given: Any) -> None:
    problem = refused("access.signingKey", given)
    assert (problem.key, problem.given) == ("settings.access.signingKey", f"given {given!r}")
    assert problem.remedy.startswith(("use at least 1", "use a whole number"))
