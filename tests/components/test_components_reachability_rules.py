from __future__ import annotations

from typing import Any

import pytest

from components.isolation.default_deny import allow_dns, cilium_allow_dns, cilium_deny_all, deny_all
from components.manifest import NamespaceRef
from components.mesh.reachability_rules import Peer, Pod, egress, ingress, rules, undenied
from components.network.api_server import api_server_egress
from components.network.fqdn_egress import Destination, fqdn_egress
from components.network.traffic import Served, egress_policy, ingress_policy, peers_policy

A, B = (NamespaceRef(name=name, ready=name) for name in ("a", "b"))
SERVED = Served(app="db", server=B, port=5432, clients=(A,))
CLIENT, SERVER = Pod(namespace="a", app="job"), Pod(namespace="b", app="db")


def broken(manifest: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    place: Any = manifest
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return manifest


def test_denying_everything_and_asking_for_names_allows_nothing() -> None:
    assert rules([deny_all(A), allow_dns(A), cilium_deny_all(A), cilium_allow_dns(A)]) == ()


def test_both_ends_of_what_is_served_are_found() -> None:
    (out,) = egress(rules([egress_policy(SERVED, A)]), CLIENT)
    (into,) = ingress(rules([ingress_policy(SERVED)]), SERVER)
    assert out.peer.pod_matches(SERVER)
    assert into.peer.pod_matches(CLIENT)
    assert out.ports == into.ports == {"5432"}
    assert not out.peer.pod_matches(Pod(namespace="b", app="other"))
    assert not into.peer.pod_matches(Pod(namespace="c", app="job"))


def test_a_policy_is_for_the_pods_that_it_selects_alone() -> None:
    found = rules([peers_policy("db", B, (7000,))])
    assert len(egress(found, SERVER)) == len(ingress(found, SERVER)) == 1
    assert not egress(found, Pod(namespace="b", app="other"))
    assert not egress(found, Pod(namespace="a", app="db"))


def test_places_outside_are_named_as_the_policy_does() -> None:
    reached = (Destination(hosts=("s3.example.com",), port=443),)
    found = rules([fqdn_egress("job", A, reached), api_server_egress("job", A)])
    assert {(one.peer.outside, port) for one in egress(found, CLIENT) for port in one.ports} == {
        ("s3.example.com", "443"),
        ("kube-apiserver", "443"),
        ("kube-apiserver", "6443"),
    }


def test_keycloaks_operator_lets_in_whom_its_resource_names() -> None:
    where = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}}
    resource = {
        "kind": "Keycloak",
        "metadata": {"name": "keycloak", "namespace": "keycloak"},
        "spec": {"networkPolicy": {"https": [where]}},
    }
    (rule,) = ingress(rules([resource]), Pod(namespace="keycloak", app="keycloak"))
    assert rule.peer == Peer(namespace="a")
    assert rule.ports == {"8443"}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("spec", "egress", 0, "to", 0), {"ipBlock": {"cidr": "0.0.0.0/0"}}, "ipBlock"),
        (("spec", "podSelector"), {"matchExpressions": []}, "matchExpressions"),
        (("spec", "egress", 0, "except"), [], "except"),
    ],
)
def test_what_is_not_understood_is_an_error(path: tuple[Any, ...], value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"NetworkPolicy to-db: {said} is not understood"):
        rules([broken(egress_policy(SERVED, A), *path, value=value)])


def test_a_namespace_without_default_deny_is_named() -> None:
    assert undenied([deny_all(A), ingress_policy(SERVED)], ["a", "b"]) == {"b"}
