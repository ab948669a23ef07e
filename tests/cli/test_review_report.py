from __future__ import annotations

import pytest

from cli.review_report import Finding, StackReview, findings
from engine.packs import Violation


def violation(message: str, level: str = "mandatory") -> Violation:
    return Violation(pack="p", policy="rule", level=level, urn="u", message=message)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "place",
    [
        "Deployment ns/name",
        "ClusterRole mlops:cert-manager-token",
        "vault:index/policy:Policy people-mlops-admin",
    ],
)
def test_a_finding_of_the_packs_is_taken_apart(place: str) -> None:
    (one,) = findings([violation(f'Controls that must hold.\nWL-05 {place}: container "a": is: bad')])
    assert (one.control, one.place, one.message) == ("WL-05", place, 'container "a": is: bad')


def test_a_finding_of_another_pack_is_kept_as_it_is() -> None:
    (one,) = findings([violation("no buckets please")])
    assert (one.control, one.place, one.message) == ("rule", "", "no buckets please")


def test_findings_come_once_and_mandatory_ones_first() -> None:
    found = findings([violation("b", "advisory"), violation("a"), violation("a")])
    assert [(one.message, one.mandatory) for one in found] == [("a", True), ("b", False)]


def test_a_stack_is_refused_for_what_is_mandatory_and_where_it_cannot_be_planned() -> None:
    advisory = Finding(control="c", level="advisory", urn="", place="", message="")
    assert not StackReview(stack="dev", findings=(advisory,)).refused
    assert StackReview(stack="dev", findings=(findings([violation("a")])[0],)).refused
    assert StackReview(stack="dev", broken="no").refused
