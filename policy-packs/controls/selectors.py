"""Label selectors. Source: Kubernetes API, `LabelSelector` of meta/v1."""

from __future__ import annotations

from collections.abc import Iterator

from controls.fields import Fields, Unproved


def selects(selector: Fields, labels: Fields) -> bool | None:
    """Whether the selector takes an object with these labels; None where that cannot be known.

    An empty selector takes everything. A caller that means "nothing" by an absent one has to look first.
    """
    if selector.unproved or labels.unproved:
        return None
    answers = [*_labels(selector.section("matchLabels"), labels), *_expressions(selector, labels)]
    if False in answers:
        return False
    return None if None in answers else True


def is_empty(selector: Fields) -> bool:
    """Whether a selector states nothing, so that it takes everything; one that is not known states something."""
    labels = selector.section("matchLabels")
    return not (labels.unproved or any(labels.present()) or selector.values("matchExpressions"))


def _labels(wanted: Fields, labels: Fields) -> Iterator[bool | None]:
    if wanted.unproved:
        yield None
    for key, value in wanted.present():
        has = labels.value(key)
        known = not isinstance(value, Unproved) and not isinstance(has, Unproved)
        yield has == value if known else None


def _expressions(selector: Fields, labels: Fields) -> Iterator[bool | None]:
    for one in selector.entries("matchExpressions"):
        key, operator, values = one.value("key"), one.value("operator"), one.values("values")
        if not isinstance(key, str):
            yield None
            continue
        has = labels.value(key)
        if operator == "Exists":
            yield has is not None
        elif operator == "DoesNotExist":
            yield has is None
        elif isinstance(has, Unproved) or any(not isinstance(value, str) for value in values):
            yield None
        elif operator == "In":
            yield has in values
        elif operator == "NotIn":
            yield has not in values
        else:
            yield None
