from __future__ import annotations

import pytest

from lab.agent.errors import SyncError
from lab.agent.secret_template import render, resolved

HOSTS = {"postgres.lab.internal:5432": "127.0.0.1:20243", "s3.lab.internal:9000": "127.0.0.1:21072"}
SERVICE = (
    "[mlflow]\nhost=postgres.lab.internal\nport=5432\ndbname=mlflow\n"
    "user={{ .username }}\npassword={{.password}}\nsslmode=verify-full\n"
)


def test_a_text_gets_its_values_and_the_address_behind_the_name() -> None:
    made = render({"pg_service.conf": SERVICE}, {"username": b"v-1", "password": b"p\xff"}, HOSTS)
    assert made == {
        "pg_service.conf": b"[mlflow]\nhost=127.0.0.1\nport=20243\ndbname=mlflow\n"
        b"user=v-1\npassword=p\xff\nsslmode=verify-full\n"
    }


def test_a_value_is_never_changed_and_never_a_template_itself() -> None:
    secret = b"{{ .other }} host=postgres.lab.internal port=5432 s3.lab.internal:9000"
    assert render({"a": "{{ .value }}"}, {"value": secret, "other": b"x"}, HOSTS) == {"a": secret}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgresql://postgres.lab.internal:5432/x", "postgresql://127.0.0.1:20243/x"),
        ("https://s3.lab.internal:9000", "https://127.0.0.1:21072"),
        ("host = postgres.lab.internal port = 5432", "host = 127.0.0.1 port = 20243"),
        ("host=s3.lab.internal\nport=5432", "host=s3.lab.internal\nport=5432"),
        ("host=postgres.lab.internal\nport=54321", "host=postgres.lab.internal\nport=54321"),
        ("my-s3.lab.internal:9000 s3.lab.internal:90001", "my-s3.lab.internal:9000 s3.lab.internal:90001"),
    ],
)
def test_names_are_replaced_with_their_own_port_only(before: str, after: str) -> None:
    assert resolved(before, HOSTS) == after


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ .password | b64enc }}", r"file: \{\{ .password \| b64enc \}\} is not supported by the lab"),
        ("{{ if .password }}x{{ end }}", "is not supported by the lab"),
        ('{{ index . "ca.crt" }}', "is not supported by the lab"),
        ("{{ .nobody }}", "file: there is no value 'nobody' among password"),
        ("{{ .password", "file: '{{' is not closed"),
    ],
)
def test_whatever_else_stands_between_braces_is_refused_without_a_value(text: str, said: str) -> None:
    with pytest.raises(SyncError, match=said) as caught:
        render({"file": text}, {"password": b"open sesame"}, {})
    assert "sesame" not in str(caught.value)
