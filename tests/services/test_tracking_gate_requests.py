from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking_gate import matching, requests
from tracking_gate.errors import Refused
from tracking_gate.requests import Asked

FOUND = matching.find("GET", ("api", "2.0", "mlflow", "runs", "get"))


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=6))
def test_a_query_is_written_as_it_was_read(pairs: list[tuple[str, str]]) -> None:
    read = Asked(FOUND, tuple(pairs))
    again = requests.parse_query(read.query_string())
    assert again == tuple(pairs)
    assert parse_qsl(read.query_string().decode(), keep_blank_values=True) == list(pairs)


def test_a_query_is_read_as_mlflow_reads_it() -> None:
    read = requests.parse_query(b"a=1&a=2&b&c=x+y%20z&d=1;e=2&=v")
    assert read == (("a", "1"), ("a", "2"), ("b", ""), ("c", "x y z"), ("d", "1;e=2"), ("", "v"))


@pytest.mark.parametrize("raw", [b"a=%ff", "a=é".encode(), b"&".join([b"a=1"] * 1001)])
def test_a_query_that_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused):
        requests.parse_query(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b'"{}"',
        b'"{\\"run_id\\": \\"x\\"}"',
        b"null",
        b"5",
        b"{",
        b"{} {}",
        b"\xff",
        '{"a": "b"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b'{"a":' * 20000,
        b'{"a":' * 20000 + b"1" + b"}" * 20000,
        b'{"a":' * 101 + b"1" + b"}" * 101,
        b"run_id=x",
    ],
)
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as caught:
        requests.parse_body(raw)
    assert caught.value.status == 400


def test_a_nested_body_is_an_object() -> None:
    assert requests.parse_body(b'{"a":' * 99 + b"1" + b"}" * 99)


@pytest.mark.parametrize("raw", [b"", b"  \n"])
def test_no_body_is_an_empty_object(raw: bytes) -> None:
    assert requests.parse_body(raw) == {}


def test_a_name_that_stands_twice_goes_on_once() -> None:
    body = requests.parse_body(b'{"run_id": "mine", "run_id": "theirs"}')
    assert Asked(FOUND, (), body).content() == b'{"run_id":"theirs"}'


def test_numbers_keep_their_value() -> None:
    raw = (
        b'{"value": 0.1, "step": 12345678901234567890, "nan": NaN, "small": 1e-300, "text": "\\ud83d\\ude00"}'
    )
    body = requests.parse_body(raw)
    assert json.loads(Asked(FOUND, (), body).content().decode()) == pytest.approx(
        json.loads(raw), nan_ok=True
    )
