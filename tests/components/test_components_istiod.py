from __future__ import annotations

import dataclasses

import pytest

from components.labels import Owner
from components.mesh.istiod import ControlPlaneArgs, MeshControlPlane
from components.mesh.istiod_values import Identity
from components.network.fqdn_egress import Destination
from config import catalog
from config.mesh import MeshTelemetry
from config.schema import ChartSettings
from tests.recorder import Recorder, run

OWNER = Owner(team="t", cost_center="c", environment="dev")
VERSION = catalog.ISTIO_VERSIONS[-1]


def recorded(source: str, versions: tuple[str, ...] = (VERSION,)) -> Recorder:
    def program() -> None:
        args = ControlPlaneArgs(
            identity=Identity(mesh_id="m", trust_domain="td", cluster="east", network="net-east"),
            versions=versions,
            stable=versions[0],
            telemetry=MeshTelemetry(),
            clients=("vision", "speech"),
            reaches=(Destination(hosts=("west.example.com",), port=6443),),
            authority=None,
            charts=ChartSettings.model_validate({"source": source}),
            owner=OWNER,
        )
        MeshControlPlane("east-mesh", args)

    found = run(program)
    assert found.misnamed() == []
    return found


def test_its_namespace_says_which_network_the_cluster_is() -> None:
    found = recorded("none").find("Namespace", "istio-system", provider="")
    assert found.inputs["metadata"]["labels"]["topology.istio.io/network"] == "net-east"


def test_without_charts_only_our_own_objects_are_declared() -> None:
    assert not [one for one in recorded("none").declarations if one.is_chart]


def test_each_version_has_its_own_control_plane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = ("1.30.9", VERSION)
    extra = {
        (name, "1.30.9"): dataclasses.replace(one, version="1.30.9")
        for (name, _), one in catalog.ISTIO_CHARTS.items()
    }
    monkeypatch.setattr(catalog, "ISTIO_VERSIONS", both)
    monkeypatch.setattr(catalog, "ISTIO_CHARTS", {**catalog.ISTIO_CHARTS, **extra})
    charts = {one.name: one for one in recorded("upstream", both).declarations if one.is_chart}
    newest = VERSION.replace(".", "-")
    assert charts.keys() == {
        "east-mesh-cni",
        "east-mesh-istiod-1-30-9",
        f"east-mesh-istiod-{newest}",
    }
    assert charts["east-mesh-cni"].inputs["version"] == VERSION, "the newest node agent serves both"
    tags = {name: one.inputs["values"].get("revisionTags") for name, one in charts.items()}
    assert tags["east-mesh-istiod-1-30-9"] == ["stable"]
    assert tags[f"east-mesh-istiod-{newest}"] == []


def test_the_node_agent_is_where_its_rights_are_allowed() -> None:
    charts = {
        one.inputs["name"]: one.inputs["namespace"]
        for one in recorded("upstream").declarations
        if one.is_chart
    }
    assert charts == {"istiod": "istio-system", "cni": "kube-system"}


def test_proxies_reach_it_on_the_one_port_with_mutual_tls() -> None:
    policy = recorded("none").find(
        "NetworkPolicy", "istiod-from-clients", provider="", namespace="istio-system"
    )
    (rule,) = policy.inputs["spec"]["ingress"]
    names = {peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in rule["from"]}
    assert names == {"vision", "speech"}
    assert rule["ports"] == [{"port": 15012, "protocol": "TCP"}]


def test_webhooks_are_asked_by_the_api_server_alone() -> None:
    policy = recorded("none").find(
        "CiliumNetworkPolicy", "istiod-webhooks", provider="", namespace="istio-system"
    )
    (rule,) = policy.inputs["spec"]["ingress"]
    assert rule["fromEntities"] == ["kube-apiserver"]
    assert rule["toPorts"] == [{"ports": [{"port": "15017", "protocol": "TCP"}]}]


def test_the_node_agent_speaks_with_the_api_server_and_nobody_else() -> None:
    policy = recorded("none").find("CiliumNetworkPolicy", "istio-cni", provider="", namespace="kube-system")
    spec = policy.inputs["spec"]
    assert spec["endpointSelector"]["matchLabels"] == {"app.kubernetes.io/name": "istio-cni"}
    assert spec["ingress"] == [{}]
    assert [rule["toEntities"] for rule in spec["egress"]] == [["kube-apiserver"]]
