from __future__ import annotations

from components.labels import Owner
from components.manifest import NamespaceRef
from components.mesh.gateways import (
    Backend,
    Gateways,
    GatewaysArgs,
    from_everywhere,
    from_networks,
)
from tests.recorder import Recorder, run

OWNER = Owner(team="t", cost_center="c", environment="dev")
HERE = NamespaceRef(name="istio-gateways", ready="istio-gateways")
TRACKING, ID = (NamespaceRef(name=name, ready=name) for name in ("tracking", "keycloak"))


def recorded(network: str | None = "net-east", sources: tuple[str, ...] = ()) -> Recorder:
    def program() -> None:
        args = GatewaysArgs(
            namespace=HERE,
            people=[Backend(host="m.example.com", service="m", namespace=TRACKING, port=8080)],
            passed=[Backend(host="id.example.com", service="keycloak-service", namespace=ID, port=8443)],
            issuer="https://id.example.com/realms/r",
            audience="m",
            network=network,
            sources=sources,
            annotations={},
            owner=OWNER,
        )
        Gateways("east-gateways", args)

    found = run(program)
    assert found.misnamed() == []
    return found


def names(found: Recorder, kind: str) -> set[tuple[str, str]]:
    return {one.identity[2:] for one in found.kubernetes if one.inputs["kind"] == kind}


def test_a_cluster_alone_has_no_way_in_for_other_ones() -> None:
    assert names(recorded(network=None), "Gateway") == {("istio-gateways", "ingress")}
    assert names(recorded(), "Gateway") == {("istio-gateways", "ingress"), ("istio-gateways", "east-west")}


def test_every_backend_of_another_namespace_is_granted_there() -> None:
    found = recorded()
    assert names(found, "ReferenceGrant") == {
        ("tracking", "m-from-gateways"),
        ("keycloak", "keycloak-service-from-gateways"),
    }


def test_a_host_that_ends_tls_here_has_a_certificate_and_the_gateway_waits_for_it() -> None:
    found = recorded()
    assert names(found, "Certificate") == {("istio-gateways", "m-tls")}
    ingress = found.find("Gateway", "ingress", provider="", namespace="istio-gateways")
    assert "east-gateways-m-tls" in ingress.dependencies


def test_people_come_in_at_two_ports_of_one_gateway() -> None:
    spec = from_everywhere(HERE)["spec"]
    assert spec["endpointSelector"] == {"matchLabels": {"app.kubernetes.io/name": "ingress"}}
    assert [port["port"] for port in spec["ingress"][0]["toPorts"][0]["ports"]] == ["80", "443"]


def test_other_clusters_come_in_from_their_ranges_to_one_port() -> None:
    assert not [name for _, name in names(recorded(), "CiliumNetworkPolicy") if name.startswith("east-west")]
    assert ("istio-gateways", "east-west-from-peers") in names(
        recorded(sources=("10.9.0.0/16",)), "CiliumNetworkPolicy"
    )
    (into,) = from_networks(["10.9.0.0/16"], HERE)["spec"]["ingress"]
    assert into["fromCIDRSet"] == [{"cidr": "10.9.0.0/16"}]
    assert into["toPorts"] == [{"ports": [{"port": "15443", "protocol": "TCP"}]}]
