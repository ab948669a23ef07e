"""What every server in several copies has in common."""

from __future__ import annotations

from components.labels import Owner, labels, selector
from components.manifest import NamespaceRef
from components.replicas import (
    digest,
    disruption_budget,
    http_service,
    pod_template,
    rolling_deployment,
    spread,
)

PLATFORM = NamespaceRef(name="platform", ready="platform")
COMMON = labels("tracker", "tracking", Owner(team="platform", cost_center="core", environment="test"))


def test_a_new_copy_is_ready_before_an_old_one_goes() -> None:
    spec = rolling_deployment("tracker", 3, {"metadata": {"labels": COMMON}}, PLATFORM, COMMON)["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()


def test_copies_spread_over_zones_and_nodes_but_rather_run_together_than_not_at_all() -> None:
    rules = spread("tracker")
    assert {rule["topologyKey"].rpartition("/")[2] for rule in rules} == {"zone", "hostname"}
    assert {rule["whenUnsatisfiable"] for rule in rules} == {"ScheduleAnyway"}
    assert all(rule["labelSelector"]["matchLabels"] == selector("tracker") for rule in rules)


def test_a_node_can_be_drained_whatever_the_number_of_replicas() -> None:
    spec = disruption_budget("tracker", PLATFORM, COMMON)["spec"]
    assert spec == {"maxUnavailable": 1, "selector": {"matchLabels": selector("tracker")}}


def test_a_service_stays_inside_the_cluster_and_finds_the_pods() -> None:
    spec = http_service("tracker", 5000, PLATFORM, COMMON)["spec"]
    assert spec["type"] == "ClusterIP"
    assert spec["selector"].items() <= COMMON.items()
    assert [(one["port"], one["targetPort"]) for one in spec["ports"]] == [(5000, "http")]


def test_the_digest_follows_the_settings_and_not_their_order() -> None:
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1"}) != digest({"a": "2"})


def test_changed_settings_change_the_template_and_equal_ones_do_not() -> None:
    pod = {"containers": [{"name": "it"}]}
    first, same, other = (pod_template(COMMON, pod, digest({"a": one})) for one in ("1", "1", "2"))
    assert first == same
    assert first["metadata"] != other["metadata"]
    assert first["spec"] == other["spec"]
    assert first["spec"]["automountServiceAccountToken"] is False
