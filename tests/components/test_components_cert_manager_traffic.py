from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from components.manifest import NamespaceRef
from components.network.fqdn_egress import Destination
from components.trust.cert_manager_traffic import (
    CertManagerTraffic,
    CertManagerTrafficArgs,
    own_traffic,
    store_traffic,
    traffic,
)
from components.trust.cert_manager_values import WEBHOOK_PORT
from tests.recorder import run

VAULT = NamespaceRef(name="vault", ready="vault")
OUTSIDE = (Destination(hosts=("vault.example.com",), port=443),)


def args(**changed: Any) -> CertManagerTrafficArgs:
    return CertManagerTrafficArgs(
        **{"reaches": OUTSIDE, "store": None, "labels": {"team": "platform"}, **changed}
    )


def test_the_api_server_alone_asks_the_webhook_and_nobody_else_gets_in() -> None:
    spec = own_traffic({})["spec"]
    (rule,) = spec["ingress"]
    assert rule["fromEntities"] == ["kube-apiserver"]
    assert rule["toPorts"][0]["ports"] == [{"port": str(WEBHOOK_PORT), "protocol": "TCP"}]
    assert spec["enableDefaultDeny"] == {"ingress": True, "egress": True}


def test_other_pods_of_the_cluster_in_the_same_namespace_are_not_held_to_it() -> None:
    """An empty selector would cut off DNS."""
    for manifest in traffic(args(store=("vault", VAULT, 8200))).values():
        assert manifest["spec"]["endpointSelector"]["matchLabels"]


def test_a_store_outside_is_reached_by_its_name_alone() -> None:
    found = traffic(args())
    assert set(found) == {"pods", "outside"}
    names = [rule["toFQDNs"] for rule in found["outside"]["spec"]["egress"] if "toFQDNs" in rule]
    assert names == [[{"matchName": "vault.example.com"}]]


def test_both_sides_of_the_way_to_a_store_in_the_cluster_agree() -> None:
    found = store_traffic("vault", VAULT, 8200)
    out, into = found["to-store"], found["from-controller"]
    ((_, way),) = [out["spec"]["egress"]]
    ((back,),) = [into["spec"]["ingress"]]
    assert (out["metadata"]["namespace"], into["metadata"]["namespace"]) == ("kube-system", "vault")
    assert way["toPorts"] == back["toPorts"] == [{"ports": [{"port": "8200", "protocol": "TCP"}]}]
    for way_to, selected, home in (
        (way["toEndpoints"][0], into["spec"]["endpointSelector"], "vault"),
        (back["fromEndpoints"][0], out["spec"]["endpointSelector"], "kube-system"),
    ):
        expected = {f"k8s:{key}": value for key, value in selected["matchLabels"].items()}
        assert way_to["matchLabels"] == {"k8s:io.kubernetes.pod.namespace": home, **expected}


def test_it_declares_what_it_says() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        CertManagerTraffic("east-traffic", args(), pulumi.ResourceOptions(provider=provider))

    found = run(program)
    assert found.misnamed() == []
    assert {one.inputs["metadata"]["name"] for one in found.kubernetes} == {
        "cert-manager",
        "cert-manager-to-outside",
    }
