"""Own objects only: the policy's own expressions, judged as admission judges them."""

from __future__ import annotations

from functools import cache

import pytest

from components.access.cluster_access import PREFIX, rules
from components.access.ownership import (
    NAME,
    OWNER_LABEL,
    Ownership,
    OwnershipArgs,
    definition,
    dev_environments,
    policy_manifest,
)
from components.admission.policy import binding
from components.labels import Owner
from config.access import BREAK_GLASS, MATRIX, Grant, Role
from tests.components.cel import admits
from tests.components.cluster_judge import FOREIGN, KIND, ME, OTHER, OWN, admission, reach
from tests.recorder import Recorder, run

POLICY = policy_manifest(MATRIX, {})
HELD, FREE = Role.ML_ENGINEER, Role.MLOPS_ENGINEER
OPERATIONS = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE"}


@cache
def recorded() -> Recorder:
    def program() -> None:
        owner = Owner(team="platform", cost_center="core", environment="test")
        Ownership("east-ownership", OwnershipArgs(matrix=MATRIX, owner=owner))

    return run(program)


@pytest.mark.parametrize("attempt", OWN, ids=str)
def test_who_is_held_to_own_objects_may_make_change_and_delete_them(attempt: tuple[str, str, str]) -> None:
    assert admits(POLICY, admission(HELD, *attempt))


@pytest.mark.parametrize("attempt", FOREIGN, ids=str)
def test_and_nothing_that_is_or_becomes_or_was_another_persons_or_nobodys(
    attempt: tuple[str, str, str],
) -> None:
    assert not admits(POLICY, admission(HELD, *attempt))


def test_an_object_without_any_label_is_nobodys() -> None:
    request = admission(HELD, "CREATE", None, ME)
    request["object"] = {"metadata": {"name": "bare"}}
    assert not admits(POLICY, request)


@pytest.mark.parametrize("attempt", [*OWN, *FOREIGN], ids=str)
def test_a_role_that_holds_the_row_is_held_to_nothing(attempt: tuple[str, str, str]) -> None:
    assert admits(POLICY, admission(FREE, *attempt))


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.ADMIN, FREE}])
def test_every_other_role_is_held_to_own_objects_should_rbac_ever_let_it_in(role: Role) -> None:
    assert reach(POLICY, role) == "own"


@pytest.mark.parametrize("name", ["mlops:Admin", "admin", "mlops:admins", f"{PREFIX}{BREAK_GLASS}"])
def test_a_group_that_is_only_like_one_of_the_table_frees_nobody(name: str) -> None:
    assert not admits(POLICY, admission(None, "DELETE", OTHER, None, groups=(name,)))


def test_a_subject_that_is_a_part_of_anothers_is_another_one() -> None:
    for owner in (ME[:-1], f"{ME}x", ME.upper(), f"{PREFIX}{ME}"):
        assert not admits(POLICY, admission(HELD, "DELETE", owner, None))


def test_the_platforms_own_controllers_are_left_to_rbac() -> None:
    request = admission(None, "UPDATE", OTHER, OTHER)
    request["userInfo"]["username"] = "system:serviceaccount:mlops-platform:devenv-operator"
    assert admits(POLICY, request)


def test_nobody_is_free_where_no_role_holds_the_row() -> None:
    row, matrix = dev_environments(MATRIX), MATRIX
    for role in Role:
        matrix = matrix.replaced(row, role, Grant.NO)
    assert {reach(policy_manifest(matrix, {}), role) for role in Role} == {"own"}


def test_everything_that_the_row_lets_one_change_is_guarded() -> None:
    (guarded,) = POLICY["spec"]["matchConstraints"]["resourceRules"]
    for rule in rules(dev_environments(MATRIX)):
        assert rule.group in guarded["apiGroups"]
        assert set(rule.resources) <= set(guarded["resources"])
        assert {OPERATIONS[verb] for verb in rule.verbs} <= set(guarded["operations"])


def test_the_policy_guards_the_kind_that_is_defined_in_each_of_its_versions() -> None:
    spec = definition()["spec"]
    assert (spec["group"], spec["names"]["plural"]) == (KIND[0], KIND[2])
    (guarded,) = POLICY["spec"]["matchConstraints"]["resourceRules"]
    assert {version["name"] for version in spec["versions"] if version["served"]} == set(
        guarded["apiVersions"]
    )


def test_what_is_refused_is_refused_for_sure_and_recorded() -> None:
    assert POLICY["spec"]["failurePolicy"] == "Fail"
    spec = binding(NAME, {})["spec"]
    assert set(spec["validationActions"]) == {"Deny", "Audit"}
    assert spec["policyName"] == POLICY["metadata"]["name"]
    assert "matchResources" not in spec
    assert POLICY["spec"]["auditAnnotations"]


def test_the_refusal_tells_the_label_that_is_missing() -> None:
    (validation,) = POLICY["spec"]["validations"]
    assert OWNER_LABEL in validation["messageExpression"]
    assert validation["reason"] == "Forbidden"


def test_the_policy_is_bound_by_its_name_and_comes_before_the_kind() -> None:
    kinds = {one.inputs["kind"]: one for one in recorded().kubernetes}
    assert set(kinds) == {
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "CustomResourceDefinition",
    }
    assert "east-ownership-policy" in kinds["ValidatingAdmissionPolicyBinding"].dependencies
    assert "east-ownership-binding" in kinds["CustomResourceDefinition"].dependencies
    assert recorded().misnamed() == []
