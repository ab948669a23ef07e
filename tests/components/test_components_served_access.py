from __future__ import annotations

from components.manifest import NamespaceRef
from components.mesh.served_access import ServedAccess, ServedAccessArgs, allow_callers
from tests.recorder import run

STORE = NamespaceRef(name="store", ready="store")
CALLERS = {8200: ["td/ns/a/sa/a", "td/ns/b/sa/b"], 8201: ["td/ns/store/sa/store"]}


def test_each_port_has_its_own_callers() -> None:
    spec = allow_callers("store", CALLERS, STORE)["spec"]
    assert spec["action"] == "ALLOW"
    assert spec["selector"] == {"matchLabels": {"app.kubernetes.io/name": "store"}}
    found = {
        rule["to"][0]["operation"]["ports"][0]: rule["from"][0]["source"]["principals"]
        for rule in spec["rules"]
    }
    assert found == {str(port): callers for port, callers in CALLERS.items()}


def test_ms_03_a_port_without_callers_gets_no_rule() -> None:
    assert allow_callers("store", {8200: []}, STORE)["spec"]["rules"] == []


def test_it_is_an_object_of_the_servers_namespace() -> None:
    args = ServedAccessArgs(app="store", namespace=STORE, callers=CALLERS)

    def program() -> None:
        ServedAccess("east-store-callers", args)

    found = run(program)
    found.find("AuthorizationPolicy", "store-callers", provider="", namespace="store")
    assert found.misnamed() == []
