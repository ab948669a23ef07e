from __future__ import annotations

from typing import Any

from components.mesh.istiod_values import (
    LOGS,
    TRACES,
    Identity,
    base_values,
    cni_values,
    istiod_values,
    mesh_config,
)
from config.endpoint import Endpoint
from config.mesh import MeshTelemetry
from tests.upstream_charts import mistakes, needs_charts

EAST = Identity(mesh_id="m", trust_domain="td.example.com", cluster="east", network="net-east")
TELEMETRY = MeshTelemetry(collector=Endpoint(host="otel.obs.svc", port=4317))


def values(*, stable: bool = True, version: str = "1.31.1", authority: str | None = "PEM") -> dict[str, Any]:
    return istiod_values(
        EAST, version, stable=stable, telemetry=TELEMETRY, labels={"team": "t"}, authority=authority
    )


@needs_charts
def test_every_value_is_one_that_its_chart_knows() -> None:
    assert mistakes("istiod", values()) == []
    assert mistakes("base", base_values("1.31.1")) == []
    assert mistakes("cni", cni_values({"team": "t"})) == []


def test_a_control_plane_knows_its_mesh_cluster_and_network() -> None:
    given = values()["global"]
    assert (given["meshID"], given["multiCluster"], given["network"]) == (
        "m",
        {"clusterName": "east"},
        "net-east",
    )
    assert values()["meshConfig"]["trustDomain"] == "td.example.com"


def test_nothing_leaves_the_mesh_unless_it_is_registered() -> None:
    config = mesh_config("td", TELEMETRY)
    assert config["outboundTrafficPolicy"] == {"mode": "REGISTRY_ONLY"}
    assert config["defaultConfig"]["holdApplicationUntilProxyStarts"] is True
    assert config["meshMTLS"]["minProtocolVersion"] == "TLSV1_3"


def test_traces_and_logs_go_to_the_collector_of_the_settings() -> None:
    providers = {one.pop("name"): one for one in mesh_config("td", TELEMETRY)["extensionProviders"]}
    collector = {"service": "otel.obs.svc", "port": 4317}
    assert providers == {TRACES: {"opentelemetry": collector}, LOGS: {"envoyOtelAls": collector}}


def test_two_control_planes_differ_and_one_holds_the_tag() -> None:
    old, new = values(version="1.30.2", stable=False), values()
    assert (old["revision"], new["revision"]) == ("1-30-2", "1-31-1")
    assert (old["revisionTags"], new["revisionTags"]) == ([], ["stable"])
    assert old["topologySpreadConstraints"] != new["topologySpreadConstraints"]


def test_no_account_is_made_that_reads_secrets_for_other_clusters_and_none_are_asked_for() -> None:
    """Without the second, a control plane would wait for ever for Secrets that it may not list."""
    assert values()["global"]["enableReaderRBAC"] is False
    assert base_values("1.31.1")["global"]["enableReaderRBAC"] is False
    assert values()["env"]["PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER"] == "false"


def test_pods_are_restricted_and_there_are_two_of_them() -> None:
    given = values()
    runtime = {"type": "RuntimeDefault"}
    assert given["seccompProfile"] == given["gateways"]["seccompProfile"] == runtime
    assert given["global"]["proxy"]["seccompProfile"] == runtime
    assert (given["autoscaleEnabled"], given["replicaCount"], given["pdb"]["minAvailable"]) == (False, 2, 1)
    assert given["cni"] == {"enabled": True}, "else every pod needs NET_ADMIN, which restricted refuses"


def test_the_realms_authority_is_believed_where_it_is_a_private_one() -> None:
    assert values()["jwksResolverExtraRootCA"] == "PEM"
    assert values(authority=None)["jwksResolverExtraRootCA"] == ""


def test_memory_has_a_bound_and_the_node_agents_pods_say_who_pays() -> None:
    assert "memory" in values()["resources"]["limits"]
    agent = cni_values({"team": "t"})
    assert "memory" in agent["resources"]["limits"]
    assert agent["podLabels"] == {"team": "t"}
