from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider

from components.access.token_maker import TokenMaker, TokenMakerArgs, token_rights
from components.manifest import NamespaceRef
from tests.recorder import Recorder, run

MAKER = ("external-secrets", "operators")
VISION = NamespaceRef(name="vision", ready="vision")
SPEECH = NamespaceRef(name="speech", ready="speech")


def recorded() -> Recorder:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        accounts = [("reader", VISION), ("writer", VISION), ("reader", SPEECH)]
        args = TokenMakerArgs(maker=MAKER, accounts=accounts, labels={})
        TokenMaker("east-tokens", args, pulumi.ResourceOptions(provider=provider))

    return run(program)


def test_a_role_gives_tokens_of_the_named_accounts_and_of_nobody_else() -> None:
    role, _ = token_rights(MAKER, ["reader"], VISION, {})
    (rule,) = role["rules"]
    assert (rule["resources"], rule["verbs"]) == (["serviceaccounts/token"], ["create"])
    assert rule["resourceNames"] == ["reader"]


def test_the_controller_alone_gets_it() -> None:
    _, binding = token_rights(MAKER, ["reader"], VISION, {})
    assert [(one["name"], one["namespace"]) for one in binding["subjects"]] == [MAKER]


def test_each_namespace_has_a_role_for_its_own_accounts() -> None:
    roles = {
        one.inputs["metadata"]["namespace"]: one.inputs["rules"][0]["resourceNames"]
        for one in recorded().kubernetes
        if one.inputs["kind"] == "Role"
    }
    assert roles == {"vision": ["reader", "writer"], "speech": ["reader"]}


def test_a_binding_comes_after_its_role() -> None:
    made = {one.name: one for one in recorded().declarations}
    assert "east-tokens-vision-role" in made["east-tokens-vision-binding"].dependencies
