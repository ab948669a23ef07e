"""The whole graph: what the policies of our stacks let through is what the settings say, no more and no less."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from components.manifest import NamespaceRef
from components.network.traffic import Served, egress_policy, ingress_policy
from config.schema import PlatformSettings
from stacks.edges import Edge
from stacks.reach import Comparison, compared
from tests.recorder import Recorder

Objects = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def objects(recorded: Recorder) -> Objects:
    return [(one.provider, copy.deepcopy(one.inputs)) for one in recorded.kubernetes]


def first(settings: PlatformSettings, objects: Objects) -> Comparison:
    return compared(settings, objects)[0]


def test_nothing_passes_that_nobody_declared_and_everything_declared_passes(
    settings: PlatformSettings, objects: Objects
) -> None:
    found = compared(settings, objects)
    assert [one.cluster for one in found] == [one.name for one in settings.clusters]
    for one in found:
        assert one.reach.inside
        assert (one.extra, one.missing, one.open_namespaces) == (frozenset(), frozenset(), frozenset())


def test_nobody_is_let_in_without_identity_or_token_but_by_what_the_mesh_rests_on(
    settings: PlatformSettings, objects: Objects
) -> None:
    for one in compared(settings, objects):
        free = {way.server for way in one.reach.inside if way.mesh not in {"identity", "token"}}
        hosted = settings.secrets.server is not None and one.cluster == settings.clusters[0].name
        assert free == {"istio-system/istiod", *(("vault/vault",) if hosted else ())}


def test_the_world_reaches_the_ingress_alone(settings: PlatformSettings, objects: Objects) -> None:
    for one in compared(settings, objects):
        assert {way.server for way in one.reach.outside if way.client == "world"} == {
            "istio-gateways/ingress"
        }


def test_only_keycloaks_operator_opens_a_way_that_nobody_goes(
    settings: PlatformSettings, objects: Objects
) -> None:
    for one in compared(settings, objects):
        assert {way.server for way in one.reach.halves} <= {"keycloak/keycloak"}


def test_a_policy_too_much_is_an_extra_edge(settings: PlatformSettings, objects: Objects) -> None:
    dev, serving = (NamespaceRef(name=name, ready=name) for name in ("mlops-dev", "mlops-serving"))
    served = Served(app="*", server=serving, port=22, clients=(dev,))
    for policy in (ingress_policy(served), egress_policy(served, dev)):
        policy["spec"]["podSelector"] = {}
        for rule in policy["spec"].get("egress", ()):
            del rule["to"][0]["podSelector"]
        objects.append((settings.clusters[0].name, policy))
    allowed = {
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "p", "namespace": "mlops-serving"},
        "spec": {"rules": [{"from": [{"source": {"principals": ["td/ns/mlops-dev/sa/workload"]}}]}]},
    }
    objects.append((settings.clusters[0].name, allowed))
    extra = Edge(client="mlops-dev", server="mlops-serving", app="*", port=22)
    assert first(settings, objects).extra == {extra}


@pytest.mark.parametrize(
    ("kind", "name"), [("NetworkPolicy", "mlflow-from-clients"), ("AuthorizationPolicy", "mlflow-workloads")]
)
def test_a_policy_too_few_is_a_missing_edge(
    settings: PlatformSettings, objects: Objects, kind: str, name: str
) -> None:
    fewer = [one for one in objects if (one[1]["kind"], one[1]["metadata"]["name"]) != (kind, name)]
    missing = first(settings, fewer).missing
    assert {(edge.server, edge.app) for edge in missing} == {("mlops-platform", "mlflow")}


def test_a_namespace_that_is_not_closed_is_named(settings: PlatformSettings, objects: Objects) -> None:
    fewer = [
        one
        for one in objects
        if (one[1]["kind"], one[1]["metadata"]["name"], one[1]["metadata"].get("namespace"))
        != ("NetworkPolicy", "default-deny", "mlops-dev")
    ]
    assert first(settings, fewer).open_namespaces == {"mlops-dev"}
