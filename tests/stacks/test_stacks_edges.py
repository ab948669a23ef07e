from __future__ import annotations

from config.schema import PlatformSettings
from stacks.edges import edges, meshed_namespaces, outside, watched
from tests.recorder import Recorder
from tests.stacks.conftest import settings_of
from tests.stacks.stack_objects import name, of_kind


def test_namespaces_of_the_mesh_are_those_that_carry_its_label(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    labelled = {
        (one.provider, name(one))
        for one in of_kind(recorded, "Namespace")
        if "istio.io/rev" in one.inputs["metadata"]["labels"]
    }
    assert labelled == {
        (cluster.name, namespace)
        for cluster in settings.clusters
        for namespace in meshed_namespaces(settings, cluster)
    }


def test_every_host_that_a_policy_opens_is_registered_in_the_mesh(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    """Else the network lets it through and the proxy does not."""
    for cluster in settings.clusters:
        registered = {
            (one.inputs["metadata"]["namespace"], host, one.inputs["spec"]["ports"][0]["number"])
            for one in of_kind(recorded, "ServiceEntry")
            if one.provider == cluster.name
            for host in one.inputs["spec"]["hosts"]
        }
        opened = {
            (one.inputs["metadata"]["namespace"], host["matchName"], int(port["port"]))
            for one in of_kind(recorded, "CiliumNetworkPolicy")
            if one.provider == cluster.name
            for rule in one.inputs["spec"].get("egress", ())
            for host in rule.get("toFQDNs", ())
            for entry in rule["toPorts"]
            for port in entry["ports"]
        }
        meshed = set(meshed_namespaces(settings, cluster))
        assert registered == {one for one in opened if one[0] in meshed}


def test_servers_of_the_whole_estate_are_served_in_one_cluster_alone() -> None:
    settings = settings_of("prod")
    home, other = ({edge.server for edge in edges(settings, one)} for one in settings.clusters)
    assert home - other == {"keycloak", "vault"}
    assert "keycloak" not in outside(settings, settings.clusters[1])


def test_a_cluster_does_not_watch_itself(settings: PlatformSettings) -> None:
    for cluster in settings.clusters:
        assert cluster not in watched(settings, cluster)
