"""RBAC from the matrix: who is bound to what, where, and what nobody is ever given."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pulumi
import pytest

from components.access.cluster_access import (
    PREFIX,
    ClusterAccess,
    ClusterAccessArgs,
    bound_roles,
    break_glass_binding,
    break_glass_role,
    cluster_role,
    group,
    purpose,
    role_binding,
    rules,
)
from components.labels import Owner
from components.manifest import NamespaceRef
from config.access import BREAK_GLASS, MATRIX, Enforcer, Grant, Permission, Role
from config.tenants import TenantPurpose
from tests.components.cluster_judge import TENANTS, objects, rights
from tests.recorder import Recorder, run

ROWS = MATRIX.of(Enforcer.KUBERNETES)
BY_NAME = {row.name: row for row in ROWS}
TEAM = NamespaceRef(name="team", ready="team")
ROLES = [*(cluster_role(row, {}) for row in ROWS), break_glass_role({})]


@cache
def recorded() -> Recorder:
    def program() -> None:
        namespaces: dict[TenantPurpose, list[NamespaceRef]] = {
            use: [NamespaceRef(name=name, ready=name) for name in names] for use, names in TENANTS.items()
        }
        args = ClusterAccessArgs(
            guards=pulumi.Output.from_input([]),
            matrix=MATRIX,
            namespaces=namespaces,
            owner=Owner(team="platform", cost_center="core", environment="test"),
        )
        ClusterAccess("east-access", args)

    return run(program)


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one.inputs for one in recorded().kubernetes if one.inputs["kind"] == kind]


def every_rule() -> Iterator[tuple[str, dict[str, Any]]]:
    for role in ROLES:
        for rule in role["rules"]:
            yield role["metadata"]["name"], rule


def test_no_rule_has_a_wildcard_or_leaves_a_part_out() -> None:
    for name, rule in every_rule():
        assert set(rule) == {"apiGroups", "resources", "verbs"}, name
        words = [word for part in rule.values() for word in part]
        assert words
        assert not [word for word in words if "*" in word], name


def test_no_rule_can_raise_rights_read_secrets_or_enter_a_pod() -> None:
    for name, rule in every_rule():
        assert not {"escalate", "bind", "impersonate", "deletecollection"} & set(rule["verbs"]), name
        assert not {"rbac.authorization.k8s.io", "admissionregistration.k8s.io"} & set(rule["apiGroups"]), (
            name
        )
        entries = {"secrets", "serviceaccounts/token", "pods/exec", "pods/attach", "pods/ephemeralcontainers"}
        assert not (entries | {"pods/portforward", "nodes/proxy"}) & set(rule["resources"]), name


def test_roles_of_people_reach_the_platforms_kinds_only() -> None:
    groups = {
        group_ for row in ROWS for rule in cluster_role(row, {})["rules"] for group_ in rule["apiGroups"]
    }
    assert all("." in one and one not in {"apps", "batch"} for one in groups)


def test_rights_come_from_roles_of_this_program_and_never_from_cluster_admin() -> None:
    own = {role["metadata"]["name"] for role in of_kind("ClusterRole")}
    bindings = [*of_kind("RoleBinding"), *of_kind("ClusterRoleBinding")]
    assert {binding["roleRef"]["name"] for binding in bindings} == own
    assert {binding["roleRef"]["kind"] for binding in bindings} == {"ClusterRole"}
    assert all(name.startswith(PREFIX) for name in own)


def test_people_are_bound_as_groups_of_the_realm_in_namespaces_alone() -> None:
    for binding in of_kind("RoleBinding"):
        for subject in binding["subjects"]:
            assert subject["kind"] == "Group"
            assert subject["name"] in {group(role) for role in Role}
    assert [one["subjects"][0]["name"] for one in of_kind("ClusterRoleBinding")] == [f"{PREFIX}{BREAK_GLASS}"]


def test_the_component_declares_what_the_matrix_gives_in_every_namespace_of_its_purpose() -> None:
    declared = rights([*of_kind("ClusterRole"), *of_kind("RoleBinding")])
    assert declared == rights(objects(MATRIX))
    places = {(one["metadata"]["name"], one["metadata"]["namespace"]) for one in of_kind("RoleBinding")}
    assert places == {(f"{PREFIX}{row.name}", name) for row in ROWS for name in TENANTS[purpose(row)]}


def test_nobody_has_rights_in_the_platforms_own_namespace() -> None:
    assert not [one for one in of_kind("RoleBinding") if one["metadata"]["namespace"] in TENANTS["platform"]]


def test_a_binding_comes_after_its_role() -> None:
    for one in recorded().kubernetes:
        if one.inputs["kind"].endswith("Binding"):
            role = one.inputs["roleRef"]["name"].removeprefix(PREFIX)
            assert f"east-access-{role}" in one.dependencies


def test_a_row_that_nobody_holds_binds_nobody() -> None:
    matrix, row = MATRIX, BY_NAME["pipeline-run"]
    for role in Role:
        matrix = matrix.replaced(row, role, Grant.NO)
    assert role_binding(matrix, row, TEAM, {})["subjects"] == []


def test_a_user_without_a_role_or_with_one_in_another_case_has_no_right() -> None:
    held = rights(objects(MATRIX))
    for name in ("system:authenticated", "system:unauthenticated", f"{PREFIX}Admin", "admin", PREFIX):
        assert name not in held


@pytest.mark.parametrize(
    ("row", "bound"),
    [("dev-environment-create-delete", True), ("dev-environment-read", False)],
)
def test_own_objects_are_bound_for_changes_alone_since_rbac_cannot_narrow_reads(
    row: str, bound: bool
) -> None:
    assert MATRIX.grant(BY_NAME[row], Role.ML_ENGINEER) is Grant.OWN
    assert (Role.ML_ENGINEER in bound_roles(MATRIX, BY_NAME[row])) is bound


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_that_reads_changes_nothing(row: Permission) -> None:
    verbs = {verb for rule in rules(row) for verb in rule.verbs}
    reading = verbs <= {"get", "list", "watch", "readArtifact"}
    assert reading is (row.verbs == ("read",))
    assert reading or not verbs & {"get", "list", "watch"}


def test_a_row_of_another_server_has_no_rules_in_a_cluster() -> None:
    with pytest.raises(KeyError):
        rules(MATRIX.permission("read", "secrets"))


def test_the_group_of_last_resort_is_apart_from_every_row() -> None:
    (subject,) = break_glass_binding({})["subjects"]
    assert subject["name"] == f"{PREFIX}{BREAK_GLASS}"
    assert subject["name"] not in rights(objects(MATRIX))
    platform_kinds = {rule.group for row in ROWS for rule in rules(row)}
    groups = {one for rule in break_glass_role({})["rules"] for one in rule["apiGroups"]}
    assert not groups & platform_kinds


def test_the_group_of_last_resort_restarts_and_makes_nothing_but_an_eviction() -> None:
    made = [rule["resources"] for rule in break_glass_role({})["rules"] if "create" in rule["verbs"]]
    assert made == [["pods/eviction"]]


def test_every_child_is_named_for_its_component() -> None:
    assert recorded().misnamed() == []
