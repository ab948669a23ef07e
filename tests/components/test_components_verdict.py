from __future__ import annotations

from typing import Any

import pytest

from components.manifest import NamespaceRef
from components.mesh.allow_nothing import allow_nothing
from components.mesh.names import SYSTEM
from components.mesh.reachability_rules import Pod
from components.mesh.served_access import allow_callers
from components.mesh.verdict import ANYBODY, IDENTITY, PLAIN, REFUSED, TOKEN, verdict

B = NamespaceRef(name="b", ready="b")
CLIENT, SERVER = Pod(namespace="a", app="job", meshed=True), Pod(namespace="b", app="db", meshed=True)
MESH_WIDE = allow_nothing(NamespaceRef(name=SYSTEM, ready=SYSTEM))


def policy(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "p", "namespace": "b"},
        "spec": {"rules": list(rules), **spec},
    }


def test_without_a_proxy_the_mesh_has_no_say() -> None:
    assert verdict([allow_nothing(B)], CLIENT, Pod(namespace="b", app="db"), "1") == PLAIN


def test_a_client_without_a_proxy_is_refused_by_one_that_has_one() -> None:
    assert verdict([], Pod(namespace="a", app="job"), SERVER, "1") == REFUSED


@pytest.mark.parametrize("default", [allow_nothing(B), MESH_WIDE])
def test_a_default_that_allows_nothing_refuses(default: dict[str, Any]) -> None:
    assert verdict([default], CLIENT, SERVER, "1") == REFUSED
    assert verdict([], CLIENT, SERVER, "1") == ANYBODY


def test_a_caller_is_let_in_at_its_own_port_by_its_namespaces_identity() -> None:
    found = [MESH_WIDE, allow_callers("db", {5432: ["td/ns/a/sa/job"]}, B)]
    assert verdict(found, CLIENT, SERVER, "5432") == IDENTITY
    assert verdict(found, CLIENT, SERVER, "5433") == REFUSED
    assert verdict(found, Pod(namespace="c", app="job", meshed=True), SERVER, "5432") == REFUSED
    assert verdict(found, CLIENT, Pod(namespace="b", app="web", meshed=True), "5432") == REFUSED


def test_people_are_let_in_by_their_token() -> None:
    asked = {"from": [{"source": {"requestPrincipals": ["https://id/*"]}}]}
    assert verdict([policy(asked)], CLIENT, SERVER, "1") == TOKEN


def test_a_rule_without_a_source_is_for_anybody() -> None:
    assert verdict([policy({"to": [{"operation": {"methods": ["GET"]}}]})], CLIENT, SERVER, "1") == ANYBODY


def test_an_action_that_is_not_allow_is_an_error() -> None:
    with pytest.raises(ValueError, match="DENY is not understood"):
        verdict([policy(action="DENY")], CLIENT, SERVER, "1")
