"""Values of Cilium's chart: what Istio, a node without a network and an auditor need of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.network.cilium_values import (
    API_SERVER,
    FLOWS,
    METRICS,
    CiliumSettings,
    chart_values,
    encryption_values,
    hubble_values,
)
from components.network.cluster_mesh import Member
from components.network.pod_addresses import Overlay, VpcInterfaces
from tests.upstream_charts import defaults, mistakes, needs_charts

SETTINGS = CiliumSettings(
    cluster="east",
    number=7,
    pods=Overlay(cidr="10.64.0.0/14"),
    api_server=True,
    api_port=443,
    encryption="wireguard",
    hubble="flows",
    mesh=None,
)
MESH = Member(cluster="east", others=("west",), domain="mesh.example.com", sources=("10.64.0.0/16",))
IN_VPC = VpcInterfaces(subnet_tags={"cilium.io/pods": "east"}, tags={"team": "platform"})


def values(**changed: Any) -> dict[str, Any]:
    return chart_values(replace(SETTINGS, **changed), {"team": "platform"})


@needs_charts
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"mesh": MESH},
        {"encryption": "ipsec", "hubble": "off"},
        {"encryption": "none", "hubble": "metrics"},
        {"api_server": False},
        {"pods": IN_VPC},
    ],
)
def test_every_value_is_one_that_the_chart_takes(changed: dict[str, Any]) -> None:
    assert mistakes("cilium", values(**changed)) == []


def test_the_plugin_of_istio_is_left_alone_and_sidecars_see_services_addresses() -> None:
    assert values()["cni"]["exclusive"] is False
    assert values()["socketLB"] == {"enabled": True, "hostNamespaceOnly": True}


def test_cilium_always_takes_the_place_of_kube_proxy() -> None:
    """The chart takes a text here, and a boolean for something else."""
    assert values()["kubeProxyReplacement"] == "true"


def test_the_api_server_is_found_without_its_service() -> None:
    found = values(api_port=6443)
    assert found["k8sServiceHostRef"] == {"name": API_SERVER, "key": "host"}
    assert found["k8sServicePort"] == 6443
    assert "k8sServiceHost" not in found, "the chart refuses both"


def test_a_cluster_made_by_kubeadm_publishes_its_api_server_itself() -> None:
    found = values(api_server=False)
    assert found["k8sServiceHost"] == "auto"
    assert "k8sServiceHostRef" not in found


def test_what_istio_needs_and_encryption_do_not_depend_on_where_addresses_come_from() -> None:
    overlay, vpc = values(), values(pods=IN_VPC)
    changed = {key for key in overlay | vpc if overlay.get(key) != vpc.get(key)}
    assert changed == {"routingMode", "tunnelProtocol", "ipam", "eni", "enableIPv4Masquerade"}


def test_packets_between_nodes_are_encrypted_as_the_settings_say() -> None:
    assert encryption_values("wireguard") == {"enabled": True, "type": "wireguard", "nodeEncryption": False}
    assert encryption_values("ipsec")["type"] == "ipsec"
    assert encryption_values("none") == {"enabled": False}
    assert values(encryption="ipsec")["encryption"]["type"] == "ipsec"


def test_a_namespace_with_policies_denies_and_system_pods_without_any_still_work() -> None:
    """`always` would cut off DNS and every add-on; the platform's namespaces deny by policies of their own."""
    assert values()["policyEnforcementMode"] == "default"


def test_names_in_policies_need_the_dns_proxy() -> None:
    assert values()["l7Proxy"] is True


def test_what_was_refused_is_written_where_the_collector_reads_it() -> None:
    log = hubble_values("flows")["export"]["static"]
    assert (log["enabled"], log["filePath"]) == (True, FLOWS)
    assert [json.loads(one) for one in log["allowList"]] == [{"verdict": ["DROPPED", "ERROR"]}]
    assert {"time", "verdict", "drop_reason_desc", "source.namespace", "destination.namespace"} <= {
        *log["fieldMask"]
    }


def test_no_payload_and_no_query_is_written() -> None:
    assert not [
        one for one in hubble_values("flows")["export"]["static"]["fieldMask"] if one.startswith("l7")
    ]
    assert hubble_values("flows")["redact"]["http"] == {"urlQuery": True, "userInfo": True}


def test_metrics_alone_write_no_flows() -> None:
    found = hubble_values("metrics")
    assert found["export"]["static"]["enabled"] is False
    assert found["metrics"]["port"] == METRICS


def test_without_hubble_nothing_is_measured() -> None:
    assert hubble_values("off") == {"enabled": False}
    assert values(hubble="off")["prometheus"] == {"enabled": False}


def test_no_certificate_is_made_by_the_chart() -> None:
    """It would be made anew by every preview, with its key in the state; a hook would never run."""
    found = values(mesh=MESH)
    assert found["hubble"]["tls"]["enabled"] is False
    assert found["hubble"]["listenAddress"] == "", "flows would go out in the clear"
    assert found["clustermesh"]["apiserver"]["tls"]["auto"]["enabled"] is False


def tolerated(taint: dict[str, str], tolerations: list[dict[str, str]]) -> bool:
    return any(
        one["key"] == taint["key"] and one.get("effect", taint["effect"]) == taint["effect"]
        for one in tolerations
    )


@needs_charts
def test_the_operator_runs_on_nodes_that_have_no_network_yet() -> None:
    """It hands out their ranges: without it no node ever gets ready. Its list takes the place of the chart's."""
    given = values()["operator"]["tolerations"]
    for one in defaults("cilium")["operator"]["tolerations"]:
        assert one in given
    assert tolerated({"key": "CriticalAddonsOnly", "effect": "NoSchedule"}, given)


def test_two_operators_stand_in_for_each_other() -> None:
    operator = values()["operator"]
    assert operator["replicas"] == 2
    assert operator["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}


def test_the_cluster_has_its_name_and_number() -> None:
    assert values()["cluster"] == {"name": "east", "id": 7}


def test_every_object_says_who_pays() -> None:
    assert values()["commonLabels"] == {"team": "platform"}


def test_the_network_reads_no_secret_and_makes_no_namespace_for_them() -> None:
    assert values()["tls"] == {
        "secretSync": {"enabled": False},
        "readSecretsOnlyFromSecretsNamespace": True,
        "secretsNamespace": {"create": False, "name": ""},
    }
