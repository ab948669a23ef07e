"""The mesh's trust over a whole stack: one root, an authority in each cluster, and who may have what signed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.network_settings import ClusterMesh, MeshTrust
from config.schema import PlatformSettings
from stacks.platform import build
from stacks.trust import reviewers, signing_root
from tests.recorder import Recorder, run
from tests.stacks.conftest import recorded_stack, settings_of
from tests.stacks.stack_objects import name, of_kind, of_type

ROOT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def changed(stack: str = "dev", **network: Any) -> PlatformSettings:
    settings = settings_of(stack)
    return settings.model_copy(update={"network": settings.network.model_copy(update=network)})


def stack_of(settings: PlatformSettings) -> Recorder:
    return run(lambda: build(settings), "dev")


def trusting(**vault: Any) -> PlatformSettings:
    return changed(trust=MeshTrust.model_validate({"vault": vault}))


def signers(recorded: Recorder) -> dict[str, str]:
    return {
        one.provider: one.inputs["spec"]["vault"]["path"]
        for one in of_kind(recorded, "ClusterIssuer")
        if name(one) == "mesh"
    }


def test_every_cluster_has_an_authority_below_the_one_root(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    wanted = {
        one.provider: one.inputs["spec"]["commonName"]
        for one in of_kind(recorded, "Certificate")
        if name(one) == "cacerts"
    }
    assert wanted == {cluster.name: f"mesh-{cluster.name}" for cluster in settings.clusters}
    assert set(signers(recorded).values()) == {"pki-mesh/root/sign-intermediate"}
    assert len(of_type(recorded, "SecretBackendRootCert")) == 1


def test_a_clusters_login_may_have_its_own_authority_signed_and_no_other(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    policies = {one.inputs["name"]: one.inputs["policy"] for one in of_type(recorded, "Policy")}
    roles = {
        one.inputs["backend"]: one.inputs
        for one in of_type(recorded, "AuthBackendRole")
        if one.inputs["roleName"] == "mesh"
    }
    assert set(roles) == {f"kubernetes-{cluster.name}" for cluster in settings.clusters}
    for cluster in settings.clusters:
        role = roles[f"kubernetes-{cluster.name}"]
        assert role["tokenPolicies"] == [f"mlops-intermediate-{cluster.name}"]
        assert (role["boundServiceAccountNames"], role["boundServiceAccountNamespaces"]) == (
            ["cert-manager"],
            ["kube-system"],
        )
        assert (
            f'"common_name" = ["mesh-{cluster.name}"]'.replace('"common_name"', "common_name")
            in policies[role["tokenPolicies"][0]]
        )


def test_the_control_plane_starts_after_its_authority_is_there() -> None:
    """Without the Secret it would make a root of its own, and clusters would not know each other."""
    recorded = recorded_stack("prod")
    planes = [one for one in recorded.declarations if one.is_chart and one.inputs["name"] == "istiod"]
    assert len(planes) == 2
    for one in planes:
        cluster = one.provider
        assert f"{cluster}-mesh-authority-certificate" in one.dependencies
        assert f"{cluster}-mesh-authority-roots" in one.dependencies


def trusted(recorded: Recorder) -> dict[str, int]:
    return {
        one.provider: len(json.loads(one.inputs["data"]["mesh"])["caCertificates"])
        for one in of_kind(recorded, "ConfigMap")
        if name(one) == "mesh-roots" and isinstance(one.inputs["data"]["mesh"], str)
    }


@pytest.mark.parametrize(
    ("vault", "mounts", "path"),
    [
        ({}, {"pki-mesh"}, "pki-mesh/root/sign-intermediate"),
        ({"trusted": [1, 2]}, {"pki-mesh", "pki-mesh-2"}, "pki-mesh/root/sign-intermediate"),
        ({"signing": 2, "trusted": [1, 2]}, {"pki-mesh", "pki-mesh-2"}, "pki-mesh-2/root/sign-intermediate"),
        ({"signing": 2, "trusted": [2]}, {"pki-mesh-2"}, "pki-mesh-2/root/sign-intermediate"),
    ],
    ids=["before", "both trusted", "new one signs", "after"],
)
def test_the_steps_of_a_change_of_roots(vault: dict[str, Any], mounts: set[str], path: str) -> None:
    recorded = stack_of(trusting(**vault))
    assert {one.inputs["backend"] for one in of_type(recorded, "SecretBackendRootCert")} == mounts
    assert set(signers(recorded).values()) == {path}


def test_only_a_new_signer_restarts_the_control_plane() -> None:
    steps = [trusting(), trusting(trusted=[1, 2]), trusting(signing=2, trusted=[1, 2])]
    assert [signing_root(one) for one in steps] == ["1", "1", "2"]


def test_an_offline_root_is_in_no_store_and_its_authorities_are_read_and_not_signed() -> None:
    settings = changed(
        trust=MeshTrust.model_validate({"offline": {"roots": [ROOT, ROOT.replace("MIIB", "MIIC")]}})
    )
    recorded = stack_of(settings)
    assert of_type(recorded, "SecretBackendRootCert") == []
    assert signers(recorded) == {}
    policies = {one.inputs["name"]: one.inputs["policy"] for one in of_type(recorded, "Policy")}
    for cluster in settings.clusters:
        assert f"secret/data/mesh/{cluster.name}" in policies[f"mlops-intermediate-{cluster.name}"]
    assert reviewers(settings) == (("istio-system", "mesh-intermediate"),)


def test_a_cluster_mesh_has_an_authority_of_its_own() -> None:
    recorded = stack_of(changed(cluster_mesh=ClusterMesh(domain="mesh.example.com")))
    roots = {one.inputs["backend"] for one in of_type(recorded, "SecretBackendRootCert")}
    assert roots == {"pki-mesh", "pki-cluster-mesh"}
    certificates = [one for one in of_kind(recorded, "Certificate") if "clustermesh" in name(one)]
    assert len(certificates) == 8


def test_no_pod_of_any_cluster_reaches_the_metadata_address(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    found = {one.provider for one in of_kind(recorded, "CiliumClusterwideNetworkPolicy")}
    assert found == {cluster.name for cluster in settings.clusters}
