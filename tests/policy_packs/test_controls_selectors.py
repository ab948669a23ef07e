"""Label selectors say yes, no, or that it cannot be known."""

from __future__ import annotations

import pytest
from controls.fields import Unproved, fields
from controls.selectors import is_empty, selects

LABELS = {"app": "web", "tier": Unproved.UNKNOWN}


@pytest.mark.parametrize(
    ("selector", "answer"),
    [
        ({}, True),
        (None, True),
        ({"matchLabels": {"app": "web"}}, True),
        ({"matchLabels": {"app": "api"}}, False),
        ({"matchLabels": {"other": "web"}}, False),
        ({"matchLabels": {"tier": "front"}}, None),
        ({"matchLabels": {"app": Unproved.UNKNOWN}}, None),
        ({"matchLabels": {"app": "api", "tier": "front"}}, False),
        ({"matchLabels": Unproved.UNKNOWN}, None),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api"]}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "other", "operator": "NotIn", "values": ["web"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front"]}]}, None),
        ({"matchExpressions": [{"key": "app", "operator": "Near", "values": []}]}, None),
        ({"matchExpressions": [{"key": ["app"], "operator": "Exists"}]}, None),
        ({"matchExpressions": 7}, None),
        (Unproved.UNKNOWN, None),
        (7, None),
    ],
)
def test_a_selector_takes_what_it_names(selector: object, answer: bool | None) -> None:
    assert selects(fields(selector), fields(LABELS)) is answer


def test_labels_that_are_not_known_are_taken_by_nothing_for_sure() -> None:
    assert selects(fields({}), fields(Unproved.UNKNOWN)) is None


@pytest.mark.parametrize(
    ("selector", "empty"),
    [
        ({}, True),
        ({"matchLabels": {}, "matchExpressions": []}, True),
        ({"matchLabels": {"a": None}}, True),
        ({"matchLabels": {"a": "b"}}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, False),
        ({"matchExpressions": Unproved.UNKNOWN}, False),
        ({"matchLabels": Unproved.UNKNOWN}, False),
        ({"matchLabels": ["a"]}, False),
        (Unproved.UNKNOWN, False),
        ("a", False),
    ],
)
def test_a_selector_that_states_nothing_is_empty(selector: object, empty: bool) -> None:
    assert is_empty(fields(selector)) is empty
