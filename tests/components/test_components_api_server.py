from __future__ import annotations

from components.labels import selector
from components.manifest import NamespaceRef
from components.network.api_server import (
    api_server_alone,
    api_server_egress,
    api_server_ingress,
    asked_by_api_server_alone,
)

TOOLS = NamespaceRef(name="tools", ready="tools")


def test_an_app_reaches_the_api_server_and_nothing_else() -> None:
    spec = api_server_egress("watcher", TOOLS)["spec"]
    assert spec["endpointSelector"]["matchLabels"] == selector("watcher")
    (rule,) = spec["egress"]
    assert rule["toEntities"] == ["kube-apiserver"]
    assert [one["port"] for one in rule["toPorts"][0]["ports"]] == ["443", "6443"]


def test_the_api_server_alone_asks_the_apps_webhooks_on_their_ports() -> None:
    made = api_server_ingress("asked", "watcher", TOOLS, [8443, 9443], {"team": "platform"})
    assert made["metadata"] == {"name": "asked", "namespace": "tools", "labels": {"team": "platform"}}
    assert made["spec"]["endpointSelector"]["matchLabels"] == selector("watcher")
    (rule,) = made["spec"]["ingress"]
    assert rule["fromEntities"] == ["kube-apiserver"]
    assert [one["port"] for one in rule["toPorts"][0]["ports"]] == ["8443", "9443"]


AGENT = {"app.kubernetes.io/name": "agent"}


def test_pods_that_need_the_api_server_alone_are_closed_both_ways() -> None:
    spec = api_server_alone("agent", AGENT, TOOLS, {})["spec"]
    assert spec["enableDefaultDeny"] == {"ingress": True, "egress": True}
    assert spec["ingress"] == [{}], "an empty rule allows nobody"
    assert [rule["toEntities"] for rule in spec["egress"]] == [["kube-apiserver"]]


def test_pods_that_call_a_cloud_are_closed_to_all_but_the_api_server() -> None:
    made = asked_by_api_server_alone("agent", AGENT, TOOLS, {"team": "platform"}, asked=[9443])
    assert made["spec"].keys() == {"endpointSelector", "ingress"}
    (rule,) = made["spec"]["ingress"]
    assert rule["fromEntities"] == ["kube-apiserver"]
    assert rule["toPorts"] == [{"ports": [{"port": "9443", "protocol": "TCP"}]}]
    assert made["spec"]["endpointSelector"]["matchLabels"] == AGENT
