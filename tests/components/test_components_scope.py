from __future__ import annotations

import pytest

from components.manifest import NamespaceRef
from components.mesh.scope import MeshScope, ScopeArgs, service_entry, sidecar
from components.network.fqdn_egress import Destination
from tests.recorder import Recorder, run

VISION = NamespaceRef(name="vision", ready="vision")
STORE = Destination(hosts=("s3.example.com", "b.s3.example.com"), port=443)


def recorded(**given: object) -> Recorder:
    args = ScopeArgs(**{"namespace": VISION, "servers": (), "outside": (), **given})  # type: ignore[arg-type]

    def program() -> None:
        MeshScope("east-vision-scope", args)

    found = run(program)
    assert found.misnamed() == []
    return found


def test_a_proxy_knows_its_own_namespace_the_control_planes_and_its_servers() -> None:
    spec = sidecar(["tracking", "vision", "istio-system"], VISION)["spec"]
    assert spec["egress"] == [{"hosts": ["./*", "istio-system/*", "tracking/*"]}]
    assert "workloadSelector" not in spec, "it holds for the whole namespace"
    assert spec["outboundTrafficPolicy"] == {"mode": "REGISTRY_ONLY"}


@pytest.mark.parametrize(("port", "protocol"), [(443, "TLS"), (9000, "TLS"), (5432, "TCP")])
def test_a_host_outside_is_known_in_this_namespace_alone(port: int, protocol: str) -> None:
    spec = service_entry(Destination(hosts=("db.example.com",), port=port), VISION)["spec"]
    assert (spec["exportTo"], spec["location"]) == (["."], "MESH_EXTERNAL")
    assert spec["ports"] == [{"number": port, "name": protocol.lower(), "protocol": protocol}]


def test_everything_that_is_reached_outside_is_registered() -> None:
    found = recorded(outside=(STORE, Destination(hosts=("db.example.com",), port=5432)))
    hosts = [one.inputs["spec"]["hosts"] for one in found.kubernetes if one.inputs["kind"] == "ServiceEntry"]
    assert sorted(hosts) == [["db.example.com"], ["s3.example.com", "b.s3.example.com"]]


def test_proxies_may_ask_the_control_plane() -> None:
    policy = recorded().find("NetworkPolicy", "to-istiod", provider="", namespace="vision")
    (rule,) = policy.inputs["spec"]["egress"]
    assert rule["ports"] == [{"port": 15012, "protocol": "TCP"}]
