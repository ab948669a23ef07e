"""What a guard becomes in a cluster."""

from __future__ import annotations

import pytest
from controls.catalogue import CONTROLS

from components.admission import policy
from components.admission.guard import Guard, labelled, not_labelled, policy_manifest
from tests.components.admission_requests import GUARDS

EACH = pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)


@EACH
def test_what_cannot_be_judged_is_refused_and_every_refusal_is_recorded(guard: Guard) -> None:
    assert policy_manifest(guard, {})["spec"]["failurePolicy"] == "Fail"
    binding = policy.binding(guard.name, {})["spec"]
    assert binding == {"policyName": guard.name, "validationActions": ["Deny", "Audit"]}


@EACH
def test_the_refusal_names_the_control_and_the_remedy_and_no_value(guard: Guard) -> None:
    """A message that were an expression could repeat what it reads."""
    (validation,) = policy_manifest(guard, {})["spec"]["validations"]
    assert validation["message"].startswith(f"{guard.control}: {guard.remedy}")
    assert "messageExpression" not in validation
    assert guard.control in CONTROLS


@EACH
def test_creations_and_changes_alike_are_judged(guard: Guard) -> None:
    rules = policy_manifest(guard, {})["spec"]["matchConstraints"]["resourceRules"]
    assert all(one["operations"] == ["CREATE", "UPDATE"] for one in rules)


def test_names_are_valid_and_no_two_are_alike() -> None:
    names = [guard.name for guard in GUARDS]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 and name == name.lower() for name in names)


def test_namespaces_are_chosen_by_their_labels() -> None:
    assert labelled("a") == {"key": "a", "operator": "Exists"}
    assert labelled("a", "b") == {"key": "a", "operator": "In", "values": ["b"]}
    assert not_labelled("a", "b") == {"key": "a", "operator": "NotIn", "values": ["b"]}
