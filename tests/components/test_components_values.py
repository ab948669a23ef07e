from __future__ import annotations

import pytest

from components.values import merged


def test_mappings_are_put_together_key_by_key() -> None:
    assert merged({"a": {"b": 1, "c": {"d": 2}}, "e": 3}, {"a": {"c": {"f": 4}}, "g": 5}) == {
        "a": {"b": 1, "c": {"d": 2, "f": 4}},
        "e": 3,
        "g": 5,
    }


def test_neither_part_is_changed() -> None:
    first, second = {"a": {"b": 1}}, {"a": {"c": 2}}
    merged(first, second)
    assert (first, second) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def test_the_same_value_twice_is_one() -> None:
    assert merged({"a": {"b": True}}, {"a": {"b": True}}) == {"a": {"b": True}}


@pytest.mark.parametrize("second", [{"a": {"b": 2}}, {"a": 1}, {"a": {"b": {}}}])
def test_two_values_for_one_key_are_no_matter_of_chance(second: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="and"):
        merged({"a": {"b": 1}}, second)
