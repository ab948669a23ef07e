"""Short-lived logins to PostgreSQL: what the store is told to do there, and with which password."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.secrets.database_engine import (
    DatabaseEngine,
    DatabaseEngineArgs,
    credentials_path,
    role_settings,
)
from components.secrets.dynamic_secret import REFRESH
from tests.components.secret_values import in_the_open, revealed
from tests.recorder import Recorder, run

PASSWORD = "of-the-manager"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nof a private authority\n-----END CERTIFICATE-----\n"


def recorded(password: pulumi.Input[str] | None = PASSWORD) -> Recorder:
    def program() -> dict[str, Any]:
        args = DatabaseEngineArgs(
            database="mlflow",
            owner="mlflow-owner",
            address="db.example.com:5432",
            manager="vault-mlflow",
            password=password,
            authority=AUTHORITY,
        )
        engine = DatabaseEngine("database", args, pulumi.ResourceOptions())
        return {"credentials": engine.credentials}

    found = run(program)
    assert found.misnamed() == []
    return found


def inputs(part: str, password: pulumi.Input[str] | None = PASSWORD) -> dict[str, Any]:
    (one,) = [each for each in recorded(password).declarations if each.name == f"database-{part}"]
    return one.inputs


def test_the_managers_password_is_a_secret_even_if_it_was_given_in_clear() -> None:
    connection = revealed(inputs("connection")["postgresql"])
    assert connection["password"] == PASSWORD
    assert all(PASSWORD not in in_the_open(one.inputs) for one in recorded().declarations)


def test_a_preview_without_the_password_leaves_what_the_store_has() -> None:
    assert "password" not in inputs("connection", None)["postgresql"]


def test_the_password_stands_in_no_address() -> None:
    """The store puts both in; an address is shown to whoever may read the connection."""
    url = revealed(inputs("connection")["postgresql"])["connectionUrl"]
    assert url.startswith("postgresql://{{username}}:{{password}}@db.example.com:5432/mlflow?")


def test_the_server_is_checked_by_its_name_and_authority() -> None:
    connection = revealed(inputs("connection")["postgresql"])
    assert connection["connectionUrl"].endswith("?sslmode=verify-full")
    assert connection["tlsCa"] == AUTHORITY


def test_postgresql_never_sees_a_logins_password() -> None:
    """A statement with the password in it would stand in the server's log."""
    assert revealed(inputs("connection")["postgresql"])["passwordAuthentication"] == "scram-sha-256"


def test_the_connection_serves_this_role_alone() -> None:
    assert inputs("connection")["allowedRoles"] == [inputs("role")["name"]] == ["mlflow"]


def test_a_wrong_connection_is_refused_when_it_is_written() -> None:
    assert inputs("connection")["verifyConnection"] is True


def test_a_login_ends_and_is_replaced_twice_before_it_does() -> None:
    role = role_settings("mlflow")
    assert 0 < role["default_ttl"] <= 3600
    assert role["default_ttl"] <= role["max_ttl"] <= 86_400
    assert REFRESH.endswith("m")
    assert int(REFRESH.removesuffix("m")) * 60 * 2 <= role["default_ttl"]


def test_postgresql_itself_ends_a_login_that_the_store_forgets() -> None:
    role = role_settings("mlflow")
    assert "VALID UNTIL '{{expiration}}'" in role["creation_statements"][0]
    assert role["renew_statements"] == ["ALTER ROLE \"{{name}}\" VALID UNTIL '{{expiration}}'"]


def test_a_login_is_a_plain_member_of_the_owner() -> None:
    create, act = role_settings("mlflow-owner")["creation_statements"]
    assert 'IN ROLE "mlflow-owner"' in create
    assert act.endswith("SET role = 'mlflow-owner'"), "tables would belong to a login that goes away"
    for more in ("SUPERUSER", "CREATEROLE", "CREATEDB", "BYPASSRLS", "REPLICATION", "GRANT"):
        assert more not in create.upper()


def test_a_login_that_is_taken_back_is_gone() -> None:
    assert role_settings("mlflow")["revocation_statements"] == ['DROP ROLE IF EXISTS "{{name}}"']


def test_logins_are_given_where_policies_say_once_the_role_is_there() -> None:
    found = recorded()
    assert found.outputs["credentials"] == credentials_path("mlflow") == "database/creds/mlflow"
    (role,) = [each for each in found.declarations if each.name == "database-role"]
    assert role.dependencies >= {"database-mount", "database-connection"}


@pytest.mark.parametrize("part", ["connection", "role"])
def test_all_of_it_lies_in_the_engines_mount(part: str) -> None:
    assert inputs(part)["backend"] == inputs("mount")["path"]
    assert inputs("mount")["type"] == "database"
