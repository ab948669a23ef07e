from __future__ import annotations

from typing import Any

import pytest

from config.schema import PlatformSettings
from stacks.hosted import reached_by_the_store, runs_here, store_account, store_users
from stacks.platform import build
from tests.recorder import Declaration, Recorder, run
from tests.stacks.conftest import recorded_stack, recorded_unhosted, settings_of, unhosted
from tests.stacks.stack_objects import charts, name, namespaces, of_kind, place, pod_labels

HOME, OTHER = "prod-eu", "prod-us"
SERVERS = {"keycloak", "vault"}


@pytest.fixture
def prod() -> Recorder:
    return recorded_stack("prod")


def identities(recorded: Recorder, cluster: str) -> set[tuple[str, str, str, str]]:
    return {one.identity for one in recorded.kubernetes if one.provider == cluster}


def of_servers(recorded: Recorder) -> list[Declaration]:
    declared = [one for one in recorded.declarations if one.is_kubernetes or one.is_chart]
    return [one for one in declared if place(one)[1] in SERVERS]


def test_servers_run_in_the_first_primary_cluster_alone(prod: Recorder) -> None:
    assert {one.provider for one in of_servers(prod)} == {HOME}
    assert {namespace for cluster, namespace in namespaces(prod) if cluster == HOME} >= SERVERS
    assert not {namespace for cluster, namespace in namespaces(prod) if cluster == OTHER} & SERVERS


def test_the_first_primary_cluster_need_not_be_the_first_one() -> None:
    settings = settings_of("prod")
    first, second = settings.clusters
    moved = settings.model_copy(update={"clusters": (first.model_copy(update={"role": "workload"}), second)})
    assert [runs_here(moved, cluster) for cluster in moved.clusters] == [False, True]
    assert {one.provider for one in of_servers(run(lambda: build(moved), "prod"))} == {OTHER}


OUTSIDE = {("CiliumNetworkPolicy", "external-secrets", "external-secrets-to-outside")}
"""The operator's way to a store outside of its cluster."""


def changed(prod: Recorder, cluster: str) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Objects that servers of our own add to a cluster, and those that they take away; certificates' authority has
    tests of its own."""
    ours, theirs = identities(prod, cluster), identities(recorded_unhosted("prod"), cluster)
    return tuple(  # type: ignore[return-value]
        {found[1:] for found in some if found[2] != "kube-system"} for some in (ours - theirs, theirs - ours)
    )


def test_servers_change_nothing_in_other_clusters(prod: Recorder) -> None:
    assert changed(prod, OTHER) == (set(), set())


def test_in_its_own_cluster_a_server_adds_its_namespace_and_the_ways_to_it(prod: Recorder) -> None:
    added, gone = changed(prod, HOME)
    assert gone == OUTSIDE
    assert {one for one in added if one[1] not in SERVERS} == {
        ("Namespace", "", "keycloak"),
        ("Namespace", "", "vault"),
        ("NetworkPolicy", "external-secrets", "to-vault"),
        ("NetworkPolicy", "istio-gateways", "to-keycloak"),
        ("NetworkPolicy", "istio-gateways", "to-vault"),
        ("TLSRoute", "istio-gateways", "keycloak-service"),
        ("TLSRoute", "istio-gateways", "vault"),
    }
    assert {one[1] for one in added} >= SERVERS


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_without_server_settings_nothing_is_hosted(stack: str) -> None:
    recorded = recorded_unhosted(stack)
    assert of_servers(recorded) == charts(recorded) == list(of_kind(recorded, "Keycloak", "TLSRoute")) == []
    settings = unhosted(settings_of(stack))
    for cluster in settings.clusters:
        assert not store_users(settings, cluster)
        assert not store_account(settings, cluster)


def test_each_server_can_be_hosted_without_the_other() -> None:
    settings = settings_of("prod")
    alone = settings.model_copy(update={"access": settings.access.model_copy(update={"server": None})})
    assert {place(one)[1] for one in of_servers(run(lambda: build(alone), "prod"))} == {"vault"}


def test_the_secret_store_is_that_of_the_settings(prod: Recorder, settings: PlatformSettings) -> None:
    if settings.secrets.server is None:
        assert charts(recorded_stack("dev")) == []
        return
    (chart,) = charts(prod)
    assert chart.inputs["name"] == settings.secrets.backend
    assert chart.inputs["values"]["server"]["ha"]["replicas"] == settings.secrets.server.replicas


def test_the_store_gives_secrets_to_keycloak_where_it_runs_and_there_alone(prod: Recorder) -> None:
    allowed = {
        one.provider: one.inputs["spec"]["conditions"][0]["namespaces"]
        for one in of_kind(prod, "ClusterSecretStore")
    }
    assert allowed == {HOME: ["mlops-platform", "keycloak"], OTHER: ["mlops-platform"]}


def test_every_external_secret_is_in_a_namespace_that_the_store_gives_to(recorded: Recorder) -> None:
    allowed = {
        (one.provider, namespace)
        for one in of_kind(recorded, "ClusterSecretStore")
        for condition in one.inputs["spec"]["conditions"]
        for namespace in condition["namespaces"]
    }
    own_store = {place(one) for one in of_kind(recorded, "SecretStore")}
    assert {place(one) for one in of_kind(recorded, "ExternalSecret")} - own_store == allowed


def test_the_store_may_have_tokens_reviewed_in_its_own_cluster_alone(prod: Recorder) -> None:
    reviewing = {
        one.provider
        for one in of_kind(prod, "ClusterRoleBinding")
        if name(one) == "mlops:token-review"
        and {"kind": "ServiceAccount", "name": "vault", "namespace": "vault"} in one.inputs["subjects"]
    }
    assert reviewing == {HOME}


def test_the_store_reaches_the_realm_the_database_and_the_other_clusters_api_servers() -> None:
    reached = {(host, one.port) for one in reached_by_the_store(settings_of("prod")) for host in one.hosts}
    assert reached == {
        ("id.mlops.example.com", 443),
        ("mlflow.db.mlops.example.com", 5432),
        ("prod-us.k8s.mlops.example.com", 443),
    }


def test_hosted_servers_say_who_pays(prod: Recorder) -> None:
    labels = [labels for there, labels in pod_labels(prod) if there[1] in SERVERS]
    assert len(labels) == len(SERVERS)
    owner = {"team": "platform", "cost-center": "platform-core", "environment": "prod"}
    assert all(owner.items() <= one.items() for one in labels)


def test_no_secret_stands_in_a_charts_values(prod: Recorder) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for key, item in value.items() for text in (str(key), *texts(item))]
        return [text for item in value for text in texts(item)] if isinstance(value, list) else [str(value)]

    for one in charts(prod):
        found = [text.lower() for text in texts(one.inputs["values"])]
        assert not [text for text in found if "password" in text or "accesskey" in text or "token" in text]
