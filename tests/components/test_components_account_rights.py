from __future__ import annotations

import pytest

from components.access.account_rights import account_rights
from components.manifest import NamespaceRef

RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
ACCOUNT = ("reader", "tools")
VISION = NamespaceRef(name="vision", ready="vision")


def test_rights_are_everywhere_unless_they_are_within_a_namespace() -> None:
    _, everywhere = account_rights("reads", RULES, ACCOUNT, {})
    assert everywhere["kind"] == "ClusterRoleBinding"
    assert "namespace" not in everywhere["metadata"]
    role, within = account_rights("reads", RULES, ACCOUNT, {}, within=VISION)
    assert (within["kind"], within["metadata"]["namespace"]) == ("RoleBinding", "vision")
    assert (role["kind"], "namespace" in role["metadata"]) == ("ClusterRole", False)


def test_a_role_lies_where_it_holds() -> None:
    role, binding = account_rights("reads", RULES, ACCOUNT, {}, within=VISION, kind="Role")
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "vision")
    assert binding["roleRef"]["kind"] == "Role"


@pytest.mark.parametrize("within", [None, VISION])
def test_the_account_gets_these_rules_and_nobody_else_does(within: NamespaceRef | None) -> None:
    role, binding = account_rights("reads", RULES, ACCOUNT, {"team": "platform"}, within=within)
    assert role["rules"] == RULES
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "reader", "namespace": "tools"}]
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == binding["metadata"]["name"]
    assert role["metadata"]["labels"] == binding["metadata"]["labels"] == {"team": "platform"}
