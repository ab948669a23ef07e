"""The keycloak provider's functions, and how the engine answers a program that calls one."""

from __future__ import annotations

from typing import Any, cast

import pytest

from engine.errors import ProviderError
from engine.providers.keycloak_lookups import FUNCTIONS
from engine.providers.keycloak_server import Server
from tests.engine.engine_stack import Stack
from tests.engine.keycloak_double import Double

ROLE = "keycloak:index/getRole:getRole"
CLIENT = "keycloak:openid/getClient:getClient"
PROGRAM = """
    import pulumi_keycloak as kc
    k = kc.Provider("keycloak", url="https://127.0.0.1:1", client_timeout=1)
    found = pulumi.InvokeOutputOptions(provider=k)
    known = kc.get_role_output(realm_id="r", name="mine", opts=found).id
    kc.Role("all", name="all", realm_id="r", composite_roles=[known], opts=Opts(provider=k))
"""


def _answer(token: str, documents: dict[str, Any], **inputs: str) -> dict[str, Any]:
    return FUNCTIONS[token](cast(Server, Double(documents)), {"realmId": "r", **inputs})


def test_a_role_is_found_in_its_client_or_in_the_realm() -> None:
    documents = {
        "admin/realms/r/roles/mine": {"id": "of-realm", "description": "d"},
        "admin/realms/r/clients/c/roles/mine": {"id": "of-client"},
    }
    assert _answer(ROLE, documents, name="mine") == {
        "realmId": "r",
        "name": "mine",
        "id": "of-realm",
        "description": "d",
    }
    assert _answer(ROLE, documents, name="mine", clientId="c")["id"] == "of-client"


def test_a_client_is_found_by_its_name_alone() -> None:
    documents = {
        "admin/realms/r/clients": [
            {"id": "1", "clientId": "a"},
            {"id": "2", "clientId": "b", "enabled": True},
        ]
    }
    found = _answer(CLIENT, documents, clientId="b")
    assert (found["id"], found["clientId"], found["enabled"]) == ("2", "b", True)


@pytest.mark.parametrize(("token", "inputs"), [(ROLE, {"name": "mine"}), (CLIENT, {"clientId": "mine"})])
def test_what_is_not_there_is_named(token: str, inputs: dict[str, str]) -> None:
    with pytest.raises(ProviderError, match=r"there is no (role|client) mine"):
        _answer(token, {}, **inputs)


def test_what_no_server_tells_yet_is_unknown_in_a_preview(stack: Stack) -> None:
    stack.program(PROGRAM)
    (role,) = [each for each in stack.preview().resources if each.name == "all"]
    assert role.inputs["compositeRoles"] != []
    assert "known" not in str(role.inputs)
