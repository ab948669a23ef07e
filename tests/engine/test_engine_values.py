"""Property values on their way between protobuf and Python."""

from __future__ import annotations

from typing import Any

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from engine.values import (
    OUTPUT_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_TEXT,
    Secret,
    from_struct,
    has_secret,
    has_unknown,
    masked,
    plain,
    secret_texts,
    to_struct,
)

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_VALUES = st.recursive(
    _PLAIN | _PLAIN.map(Secret) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def _struct(data: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(data)
    return struct


@given(st.dictionaries(st.text(max_size=3), _VALUES, max_size=4))
def test_what_goes_out_comes_back(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


def test_whole_numbers_are_integers_and_others_are_not() -> None:
    found = from_struct(_struct({"a": 3.0, "b": 2.5, "c": True}))
    assert [type(found[key]) for key in "abc"] == [int, float, bool]


def test_output_values_of_transforms_become_secrets_and_unknowns() -> None:
    known = {SIGNATURE: OUTPUT_SIGNATURE, "value": "x", "dependencies": ["urn"]}
    secret = {SIGNATURE: OUTPUT_SIGNATURE, "value": "x", "secret": True}
    later = {SIGNATURE: OUTPUT_SIGNATURE, "dependencies": ["urn"]}
    found = from_struct(_struct({"known": known, "secret": secret, "later": later}))
    assert found == {"known": "x", "secret": Secret("x"), "later": UNKNOWN}


def test_a_secret_that_is_not_known_is_unknown() -> None:
    assert from_struct(_struct({"a": {SIGNATURE: SECRET_SIGNATURE, "value": UNKNOWN_TEXT}})) == {"a": UNKNOWN}


@given(st.dictionaries(st.text(max_size=3), _VALUES, max_size=4))
def test_masking_leaves_no_secret_and_no_unknown(properties: dict[str, Any]) -> None:
    found = masked(properties)
    assert not has_secret(found)
    assert not has_unknown(found)
    assert found.keys() == properties.keys()


@given(st.dictionaries(st.text(max_size=3), _PLAIN, max_size=4))
def test_what_holds_neither_is_not_copied(properties: dict[str, Any]) -> None:
    assert masked(properties) is properties
    assert plain(properties) is properties


def test_the_repr_of_a_secret_shows_nothing() -> None:
    assert repr({"a": Secret("sesame")}) == "{'a': [secret]}"


def test_the_texts_inside_secrets_are_found_at_any_depth() -> None:
    items = [{"a": Secret({"b": ["sesame", 3]})}, {"c": "open", "d": [Secret("street")]}]
    assert secret_texts(items) == {"sesame", "street"}
