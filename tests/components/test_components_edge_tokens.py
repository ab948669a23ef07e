from __future__ import annotations

from components.manifest import NamespaceRef
from components.mesh.edge_tokens import edge_access, edge_tokens

GATEWAYS = NamespaceRef(name="istio-gateways", ready="istio-gateways")
ISSUER = "https://id.example.com/realms/r"


def test_ms_05_a_token_is_of_the_realm_and_for_the_application() -> None:
    (rule,) = edge_tokens(ISSUER, "mlflow", GATEWAYS)["spec"]["jwtRules"]
    assert (rule["issuer"], rule["audiences"]) == (ISSUER, ["mlflow"])
    assert rule["jwksUri"].startswith(ISSUER)
    assert rule["forwardOriginalToken"] is True, "the application verifies it once more"


def test_peoples_hosts_need_a_token() -> None:
    rules = edge_access(ISSUER, ["mlflow.example.com"], [], GATEWAYS)["spec"]["rules"]
    with_hosts = [rule for rule in rules if "hosts" in rule["to"][0]["operation"]]
    assert len(with_hosts) == 1
    assert with_hosts[0]["from"] == [{"source": {"requestPrincipals": [f"{ISSUER}/*"]}}]
    assert "mlflow.example.com" in with_hosts[0]["to"][0]["operation"]["hosts"]


def test_without_a_token_there_is_the_redirect_and_tls_that_passes_through_by_exact_name() -> None:
    rules = edge_access(ISSUER, ["mlflow.example.com"], ["id.example.com"], GATEWAYS)["spec"]["rules"]
    free = [rule for rule in rules if "from" not in rule]
    assert [rule["to"][0]["operation"] for rule in free] == [{"ports": ["80"]}, {"ports": ["443"]}]
    assert free[1]["when"] == [{"key": "connection.sni", "values": ["id.example.com"]}]


def test_without_servers_that_end_tls_themselves_nothing_passes_through() -> None:
    rules = edge_access(ISSUER, ["mlflow.example.com"], [], GATEWAYS)["spec"]["rules"]
    assert not [rule for rule in rules if "when" in rule]
