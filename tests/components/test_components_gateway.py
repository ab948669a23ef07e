from __future__ import annotations

import json

from components.manifest import NamespaceRef
from components.mesh import gateway

HERE = NamespaceRef(name="istio-gateways", ready="istio-gateways")
SERVER = NamespaceRef(name="tracking", ready="tracking")
COMMON = {"app.kubernetes.io/name": "x"}


def test_istio_takes_the_east_west_gateway_for_one() -> None:
    """By its network and by a listener that passes TLS on without a route (1.31: IsAutoPassthrough)."""
    made = gateway.east_west("net-east", HERE, COMMON, {}, "east-west-options")
    assert made["metadata"]["labels"]["topology.istio.io/network"] == "net-east"
    (listener,) = made["spec"]["listeners"]
    assert (listener["port"], listener["protocol"], listener["tls"]["mode"]) == (15443, "TLS", "Passthrough")
    assert listener["tls"]["options"] == {"gateway.istio.io/listener-protocol": "auto-passthrough"}


def test_the_ingress_ends_tls_for_people_and_passes_it_on_to_servers() -> None:
    made = gateway.ingress({"m.example.com": "m-tls"}, {"id.example.com": "keycloak"}, HERE, COMMON, {}, "o")
    listeners = {one["name"]: one for one in made["spec"]["listeners"]}
    assert listeners.keys() == {"redirect", "people-m", "keycloak"}
    assert listeners["people-m"]["tls"] == {
        "mode": "Terminate",
        "certificateRefs": [{"kind": "Secret", "name": "m-tls"}],
    }
    assert listeners["keycloak"]["tls"] == {"mode": "Passthrough"}
    assert {one["allowedRoutes"]["namespaces"]["from"] for one in listeners.values()} == {"Same"}


def test_pods_of_a_gateway_carry_labels_that_policies_select_and_the_tag() -> None:
    spec = gateway.east_west("n", HERE, COMMON, {"a": "b"}, "o")["spec"]
    assert spec["infrastructure"]["labels"] == {**COMMON, "istio.io/rev": "stable"}
    assert spec["infrastructure"]["annotations"] == {"a": "b"}
    assert "annotations" not in gateway.east_west("n", HERE, COMMON, {}, "o")["spec"]["infrastructure"]


def test_plain_http_is_redirected_and_reaches_no_backend() -> None:
    (rule,) = gateway.redirect_route("ingress", HERE)["spec"]["rules"]
    assert "backendRefs" not in rule
    assert rule["filters"][0]["requestRedirect"]["scheme"] == "https"


def test_routes_name_their_own_listener() -> None:
    people = gateway.people_route("ingress", "m.example.com", "m", "tracking", 8080, HERE)
    passed = gateway.passed_route("ingress", "id.example.com", "keycloak-service", "keycloak", 8443, HERE)
    assert people["spec"]["parentRefs"] == [{"name": "ingress", "sectionName": "people-m"}]
    assert passed["spec"]["parentRefs"] == [{"name": "ingress", "sectionName": "keycloak"}]
    assert passed["kind"] == "TLSRoute"


def test_a_grant_is_for_one_service_and_one_kind_of_route() -> None:
    spec = gateway.grant("HTTPRoute", "istio-gateways", "m", SERVER)["spec"]
    assert [(one["kind"], one["namespace"]) for one in spec["from"]] == [("HTTPRoute", "istio-gateways")]
    assert spec["to"] == [{"group": "", "kind": "Service", "name": "m"}]


def test_a_gateway_has_two_pods_at_least_and_a_drain_takes_one_at_a_time() -> None:
    data = {key: json.loads(text) for key, text in gateway.options("ingress", HERE, COMMON)["data"].items()}
    assert data["horizontalPodAutoscaler"]["spec"]["minReplicas"] == 2
    assert data["podDisruptionBudget"]["spec"] == {"maxUnavailable": 1}
