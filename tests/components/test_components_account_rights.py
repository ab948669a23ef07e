from __future__ import annotations

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.access.account_rights import account_rights, grant
from components.base import Component
from components.manifest import NamespaceRef, part
from tests.recorder import run

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


def test_who_uses_what_a_grant_gives_back_comes_after_the_rights() -> None:
    class Service(Component, token="mlops:index:Service"):
        def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
            super().__init__(name, opts)
            bound = grant(self, "role", "binding", account_rights("reads", RULES, ACCOUNT, {}))
            part(self, "user", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": bound}})
            self.register_outputs({})

    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        Service("it", pulumi.ResourceOptions(provider=provider))

    made = {one.name: one for one in run(program).declarations}
    assert "it-role" in made["it-binding"].dependencies
    assert "it-binding" in made["it-user"].dependencies
    assert made["it-binding"].inputs["roleRef"]["name"] == "reads"
