"""What is a credential by its name or shape, and what a policy of the secret store says."""

from __future__ import annotations

import pytest
from controls.secrets.credentials import assigns_credential, has_credential_shape, is_literal
from controls.secrets.names import is_named_credential, mentions_credential
from controls.secrets.policy_language import PathRule, parse


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "dbPassword",
        "MYSQL_PWD1",
        "api-key",
        "AWS_SECRET_ACCESS_KEY",
        "DB_PASSWORD_PROD",
        "pw",
        "authtoken",
        "CLOUD_CLI_KEY_CONTENT",
    ],
)
def test_a_name_of_a_credential_is_known(name: str) -> None:
    assert is_named_credential(name)


@pytest.mark.parametrize(
    "name",
    ["", "TOKEN_PATH", "imagePullSecret", "max_token", "PUBLIC_KEY", "SECRET_NAME", "compass", "token-ttl"],
)
def test_another_name_is_not(name: str) -> None:
    assert not is_named_credential(name)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        " ",
        "null",
        "****",
        "/run/x",
        "${A}",
        "{{ a }}",
        "<set me>",
        "vault:a#b",
        "https://a.example/b",
    ],
)
def test_what_stands_for_something_else_is_no_literal(value: object) -> None:
    assert not is_literal(value)


@pytest.mark.parametrize("value", ["changeme", "12345", 7, "a b"])
def test_what_stands_for_itself_is_a_literal(value: object) -> None:
    assert is_literal(value)


@pytest.mark.parametrize(
    "value",
    [
        "eyJhbGciOiJSUzI1NiJ9.e30.x",
        "ghp_" + "a" * 36,
        "hvs." + "a" * 24,
        "https://a.example/?token=abc",
        "bearer 0a1b2c3d",
    ],
)
def test_the_shape_of_a_credential_is_known(value: str) -> None:
    assert has_credential_shape(value)


@pytest.mark.parametrize(
    "value",
    [
        "https://{{username}}:{{password}}@db.example",
        "akia",
        "BEGIN CERTIFICATE",
        "bearer of news",
        "Bearer authentication",
        "https://a.example/?page=2",
    ],
)
def test_another_shape_is_not(value: str) -> None:
    assert not has_credential_shape(value)


@pytest.mark.parametrize(
    ("name", "mentions"),
    [
        ("PASSWORD_BILLING", True),
        ("my-token-b", True),
        ("TOKEN_URL", False),
        ("token.yaml", False),
        ("", False),
        ("pull_secret_x", False),
    ],
)
def test_a_name_that_goes_on_still_mentions_a_credential(name: str, mentions: bool) -> None:
    assert mentions_credential(name) is mentions


@pytest.mark.parametrize(
    "line",
    [
        "password = correct-horse",
        "  - dbPassword: 'correct horse'",
        '{"user": "a", "apiKey": "correct-horse"}',
        "<settings><password>correct-horse</password></settings>",
        "exec server --port=80 --admin-password=correct-horse",
        "export API_TOKEN=correct-horse",
    ],
)
def test_a_line_that_assigns_a_credential_is_known_in_each_language(line: str) -> None:
    assert assigns_credential(f"# settings\n{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        "password = settings.password",
        "passwordSecret: {name: a, key: b}",
        "<password>${PASSWORD}</password>",
        "--admin-password=$(cat /run/password)",
        "token: the one that the realm gives",
        "secret: database",
    ],
)
def test_a_line_that_says_where_it_is_assigns_nothing(line: str) -> None:
    assert not assigns_credential(line)


def test_a_comment_assigns_nothing() -> None:
    assert not assigns_credential("# password: correct-horse\n// token = x\n; pwd=x")


def test_a_policy_is_read_in_each_of_its_forms() -> None:
    expected = [PathRule("a/b", frozenset({"read", "list"}))]
    assert parse('path "a/b" { capabilities = ["read", "list"] }') == expected
    assert parse('# x\npath "a/b" {\n policy = "read"\n}') == expected
    assert parse('{"path": {"a/b": {"capabilities": ["read", "list"]}}}') == expected
    limited = (
        'path "a/b" { capabilities = ["read", "list"]\n allowed_parameters = { capabilities = ["sudo"] } }'
    )
    assert parse(limited) == expected
    assert parse("") == []


@pytest.mark.parametrize(
    "text", ['path "a" {', "path a {}", "{", '{"path": 1}', '{"path": {"a": {"capabilities": [1]}}}', "\x00"]
)
def test_a_policy_that_is_none_is_said_to_be_none(text: str) -> None:
    assert parse(text) is None
