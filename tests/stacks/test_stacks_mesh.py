"""The mesh over the clusters of our stacks: who watches whom, and what is left of a cluster that goes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from config.mesh import MeshSettings
from config.schema import PlatformSettings
from stacks.platform import build
from tests.recorder import Declaration, Recorder, run
from tests.stacks.conftest import settings_of
from tests.stacks.stack_objects import meshed, name, of_kind, place


def estate(*roles: str, **mesh: Any) -> PlatformSettings:
    """Lab clusters c0, c1, ... with these roles."""
    settings = settings_of("dev")
    clusters = tuple(
        settings.clusters[0].model_copy(
            update={
                "name": f"c{i}",
                "role": role,
                "gpu_pools": (),
                "network": settings.clusters[0].network.model_copy(
                    update={
                        "id": f"net-c{i}",
                        "pod_cidr": f"10.{2 * i}.0.0/16",
                        "service_cidr": f"10.{2 * i + 1}.0.0/16",
                    }
                ),
            }
        )
        for i, role in enumerate(roles)
    )
    given = MeshSettings.model_validate({"multiPrimary": len(roles) > 1, **mesh})
    return settings.model_copy(update={"clusters": clusters, "mesh": given})


@cache
def recorded_estate(*roles: str, topology: str | None = None) -> Recorder:
    return run(lambda: build(estate(*roles, topology=topology)))


def remote_secrets(recorded: Recorder) -> set[tuple[str, str]]:
    """Cluster that holds it, and cluster that it leads to."""
    found = [
        one for one in of_kind(recorded, "ExternalSecret") if name(one).startswith("istio-remote-secret-")
    ]
    return {(one.provider, name(one).removeprefix("istio-remote-secret-")) for one in found}


def bound(recorded: Recorder) -> set[tuple[str, str]]:
    """Cluster that may read, and cluster that it may read in."""
    return {
        (subject["name"].removeprefix("mlops:mesh-"), one.provider)
        for one in of_kind(recorded, "ClusterRoleBinding")
        if name(one) == "mlops:mesh-reader"
        for subject in one.inputs["subjects"]
    }


def of_cluster(recorded: Recorder, cluster: str) -> set[str]:
    """All that a cluster has, and all that is there for its sake, of any provider."""

    def speaks(one: Declaration) -> bool:
        return (
            cluster in (one.provider, one.name)
            or f"-{cluster}" in one.name
            or one.name.startswith(f"{cluster}-")
        )

    return {one.urn for one in recorded.declarations if speaks(one)}


def test_ms_10_there_is_a_remote_secret_for_each_ordered_pair() -> None:
    three = recorded_estate("primary", "workload", "primary")
    pairs = {(a, b) for a in ("c0", "c1", "c2") for b in ("c0", "c1", "c2") if a != b}
    assert remote_secrets(three) == bound(three) == pairs


def test_with_hub_and_spoke_workload_clusters_do_not_see_each_other() -> None:
    found = recorded_estate("primary", "workload", "workload", topology="hub-and-spoke")
    assert remote_secrets(found) == bound(found) == {("c0", "c1"), ("c0", "c2"), ("c1", "c0"), ("c2", "c0")}


def test_a_cluster_alone_has_no_way_in_or_out_for_others() -> None:
    alone = recorded_estate("primary")
    assert not remote_secrets(alone) | bound(alone)
    assert {name(one) for one in of_kind(alone, "Gateway")} == {"ingress"}
    assert not [one for one in alone.declarations if "mesh-client" in one.name]


def test_taking_a_cluster_away_takes_its_secrets_rights_and_client_from_the_others() -> None:
    before, after = recorded_estate("primary", "workload", "primary"), recorded_estate("primary", "workload")
    gone = {one.urn for one in before.declarations} - {one.urn for one in after.declarations}
    assert gone == of_cluster(before, "c2")
    assert remote_secrets(after) == bound(after) == {("c0", "c1"), ("c1", "c0")}
    told = {
        host["matchName"]
        for one in of_kind(after, "CiliumNetworkPolicy")
        for rule in one.inputs["spec"].get("egress", ())
        for host in rule.get("toFQDNs", ())
    }
    assert "c2.lab.internal" not in told
    assert "c1.lab.internal" in told


def test_taking_a_cluster_away_changes_nothing_else_of_the_others() -> None:
    """But for who may read there, and where the control plane may go. What the store signs is unknown in a preview."""
    before, after = recorded_estate("primary", "workload", "primary"), recorded_estate("primary", "workload")
    kept = {one.urn: one.inputs for one in after.declarations}
    changed = {one.name for one in before.kubernetes if one.urn in kept and one.inputs != kept[one.urn]}
    changed = {name for name in changed if "-mesh-authority-" not in name}
    assert changed == {f"c{i}-{part}" for i in (0, 1) for part in ("mesh-outside", "mesh-reader-binding")}


def test_ms_10_all_clusters_are_one_mesh_and_each_a_network_of_its_own() -> None:
    recorded = run(lambda: build(settings_of("prod")), "prod")
    values = [
        one.inputs["values"]
        for one in recorded.declarations
        if one.is_chart and one.inputs["name"] == "istiod"
    ]
    assert len(values) == 2
    assert len({(one["global"]["meshID"], one["meshConfig"]["trustDomain"]) for one in values}) == 1
    assert len({one["global"]["network"] for one in values}) == 2
    assert len({one["global"]["multiCluster"]["clusterName"] for one in values}) == 2
    gateways = {
        one.inputs["metadata"]["labels"]["topology.istio.io/network"]
        for one in of_kind(recorded, "Gateway")
        if name(one) == "east-west"
    }
    assert gateways == {one["global"]["network"] for one in values}


def test_in_each_cluster_the_mesh_is_strict_and_every_namespace_of_it_scoped(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    strict = {(one.provider, one.identity[2]) for one in of_kind(recorded, "PeerAuthentication")}
    assert strict == {(cluster.name, "istio-system") for cluster in settings.clusters}
    scoped = {(one.provider, one.identity[2]) for one in of_kind(recorded, "Sidecar")}
    meshed = {
        (one.provider, name(one))
        for one in of_kind(recorded, "Namespace")
        if "istio.io/rev" in one.inputs["metadata"]["labels"] or name(one) == "istio-gateways"
    }
    assert scoped == meshed


def test_the_store_that_signs_for_the_mesh_is_no_part_of_it() -> None:
    settings = settings_of("prod")
    recorded = run(lambda: build(settings), "prod")
    tenants = {(cluster.name, tenant.name) for cluster in settings.clusters for tenant in settings.tenants}
    assert meshed(recorded) == tenants | {("prod-eu", "keycloak")}
    gateways = {(cluster.name, "istio-gateways") for cluster in settings.clusters}
    assert {place(one) for one in of_kind(recorded, "Sidecar")} == meshed(recorded) | gateways


@pytest.mark.parametrize("trust_domain", ["cluster.local", "mesh.example.com"])
def test_every_identity_is_of_the_meshs_own_trust_domain(trust_domain: str) -> None:
    recorded = run(lambda: build(estate("primary", "workload", trustDomain=trust_domain)))
    principals = {
        principal
        for one in of_kind(recorded, "AuthorizationPolicy")
        for rule in one.inputs["spec"].get("rules", ())
        for entry in rule.get("from", ())
        for principal in entry["source"].get("principals", ())
    }
    assert principals
    assert {one.partition("/")[0] for one in principals} == {trust_domain}
