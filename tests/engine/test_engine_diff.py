"""What changed, what is ignored, and how paths are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diff import changed_paths, covers, keep_ignored, parse_path, text
from engine.errors import RegistrationError
from engine.values import UNKNOWN, Secret

_TREES = st.recursive(
    st.integers(0, 3) | st.booleans() | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("spec.replicas", ("spec", "replicas")),
        (".spec.ports[0].port", ("spec", "ports", 0, "port")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ("spec.containers[*].image", ("spec", "containers", "*", "image")),
        ('["a\\"b"].c', ('a"b', "c")),
    ],
)
def test_property_paths_are_read_as_pulumi_writes_them(written: str, path: tuple[Any, ...]) -> None:
    assert parse_path(written) == path


def test_a_path_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(RegistrationError, match=r"property path 'a\[': cannot be read from '\[' on"):
        parse_path("a[")


@given(_TREES)
def test_nothing_differs_from_itself(tree: Any) -> None:
    assert list(changed_paths(tree, tree)) == []


@given(_TREES, _TREES)
def test_there_is_a_change_exactly_if_the_values_differ(old: Any, new: Any) -> None:
    same = (
        old == new
        and repr(old).count("True") == repr(new).count("True")
        and repr(old).count("False") == repr(new).count("False")
    )
    assert (list(changed_paths(old, new)) == []) == same


def test_changes_are_told_as_deep_as_they_are() -> None:
    old = {"a": {"b": 1, "c": [1, {"d": 2}]}, "gone": 1}
    new = {"a": {"b": 1, "c": [1, {"d": 3}, 4]}, "added": 1}
    assert sorted(map(text, changed_paths(old, new))) == ["a.c[1].d", "a.c[2]", "added", "gone"]


def test_secretness_alone_is_no_change_and_unknown_always_is_one() -> None:
    assert list(changed_paths({"a": "x"}, {"a": Secret("x")})) == []
    assert list(changed_paths({"a": Secret("x")}, {"a": Secret("y")})) == [("a",)]
    assert list(changed_paths({"a": "x"}, {"a": UNKNOWN})) == [("a",)]


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("spec.selector", "spec.selector.matchLabels.a", True),
        ("spec.selector", "spec", True),
        ("spec.selector", "spec.replicas", False),
        ("spec.containers[*].image", "spec.containers[1].image", True),
        ("spec.containers[*].image", "spec.containers[1].name", False),
    ],
)
def test_a_pattern_covers_what_lies_in_it_and_what_it_lies_in(
    pattern: str, path: str, expected: bool
) -> None:
    assert covers(parse_path(pattern), parse_path(path)) is expected


def test_ignored_paths_keep_their_old_values() -> None:
    old = {"a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 1}, {"x": 2, "y": 2}], "s": Secret({"t": "old"})}
    new = {"a": {"b": 9, "d": 3}, "l": [{"x": 8, "y": 8}, {"x": 9, "y": 9}], "s": Secret({"t": "new"})}
    kept = keep_ignored(new, old, ["a.b", "a.c", "a.d", "l[*].x", "s.t"])
    assert kept == {
        "a": {"b": 1, "c": 2},
        "l": [{"x": 1, "y": 8}, {"x": 2, "y": 9}],
        "s": Secret({"t": "old"}),
    }
    assert new["a"] == {"b": 9, "d": 3}, "the argument is left alone"
