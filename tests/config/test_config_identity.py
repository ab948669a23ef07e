from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from config.access import Role
from config.identity import AccessSettings, Lifetimes, RedirectUri, UserSettings, teams


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "value",
    [
        "https://mlflow.example.com/oauth2/callback",
        "https://mlflow.example.com:8443/callback",
        "http://127.0.0.1:18000/callback",
        "http://localhost:8000",
    ],
)
def test_an_exact_address_may_get_a_code(value: str) -> None:
    assert accepts(RedirectUri, value)


@pytest.mark.parametrize(
    "value",
    [
        "https://*.example.com/callback",
        "https://mlflow.example.com/*",
        "*",
        "+",
        "http://mlflow.example.com/callback",
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1@evil.example.com/callback",
        "http://localhost:8000.evil.example.com/",
        "https://user:secret@mlflow.example.com/",
        "https://mlflow.example.com/callback#token",
        "https://mlflow.example.com/callback?next=x",
        "https://",
        "https:///callback",
        "javascript:alert(1)",
        "//mlflow.example.com/callback",
        "https://mlflow.example.com/\ncallback",
        "",
    ],
)
def test_an_address_that_could_be_somebody_elses_gets_no_code(value: str) -> None:
    assert not accepts(RedirectUri, value)


def test_a_user_has_no_password_in_the_settings() -> None:
    assert not {name for name in UserSettings.model_fields if "pass" in name or "secret" in name}


def test_a_user_without_a_role_is_allowed_and_has_none() -> None:
    user = UserSettings(username="ada", email="ada@example.com", first_name="Ada", last_name="L")
    assert user.roles == ()


def test_roles_are_those_of_the_matrix() -> None:
    given = {"username": "a", "email": "a@b", "firstName": "A", "lastName": "B", "roles": ["viewer"]}
    assert UserSettings.model_validate(given).roles == (Role.VIEWER,)
    assert not accepts(UserSettings, {**given, "roles": ["break-glass"]})
    assert not accepts(UserSettings, {**given, "roles": ["Viewer"]})


@pytest.mark.parametrize("username", ["Ada", "ada lovelace", "-ada", "a/b", "", "a" * 101])
def test_a_username_that_keycloak_would_change_is_refused(username: str) -> None:
    given = {"username": username, "email": "a@b", "firstName": "A", "lastName": "B"}
    assert not accepts(UserSettings, given)


@pytest.mark.parametrize("email", ["ada", "a@", "a b@c", "a@b,c@d", "<a@b>"])
def test_what_is_no_single_mail_address_is_refused(email: str) -> None:
    given = {"username": "ada", "email": email, "firstName": "A", "lastName": "B"}
    assert not accepts(UserSettings, given)


def test_an_access_token_lives_fifteen_minutes_at_most() -> None:
    assert Lifetimes().access_token == 300
    assert not accepts(Lifetimes, {"accessToken": 901})


def test_the_issuer_is_the_realm_at_keycloaks_address() -> None:
    access = AccessSettings(keycloak="https://id.example.com:8443", domain="example.com", realm="r")
    assert access.issuer == "https://id.example.com:8443/realms/r"


def test_every_team_comes_once_in_the_order_of_the_settings() -> None:
    assert teams(["b", "a", "b"]) == ("b", "a")
