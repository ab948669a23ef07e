"""The network's settings: each test breaks valid ones in one way."""

from __future__ import annotations

from typing import Any

import pytest

from config.explain import problems_of
from config.network_settings import LARGEST_ID, ClusterMesh, MeshTrust, cluster_ids
from config.schema import PlatformSettings
from config.source import Source

Data = dict[str, Any]
NOWHERE = Source(file="Pulumi.dev.yaml", lines={})
ROOT = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
OTHER = ROOT.replace("MIIB", "MIIC")


def only(data: Data, **network: Any) -> tuple[str, str, str]:
    data["network"] = network
    (problem,) = problems_of(data, NOWHERE)
    return problem.key, problem.given, problem.remedy


def accepted(data: Data, **network: Any) -> PlatformSettings:
    data["network"] = network
    assert problems_of(data, NOWHERE) == ()
    return PlatformSettings.model_validate(data)


def test_without_settings_packets_are_encrypted_and_the_secret_store_keeps_the_root(data: Data) -> None:
    network = PlatformSettings.model_validate(data).network
    assert (network.encryption, network.hubble, network.existing) == ("wireguard", "flows", "keep")
    assert network.cluster_mesh is None
    root = network.trust.in_store
    assert root is not None
    assert (root.signing, root.trusted) == (1, (1,))


def test_two_roots_are_refused(data: Data) -> None:
    key, given, remedy = only(data, trust={"vault": {}, "offline": {"roots": [ROOT]}})
    assert key == "settings.network.trust"
    assert given == "given two roots, 'vault' and 'offline'"
    assert "leave one of the two out" in remedy


def test_an_offline_root_is_no_root_in_the_store(data: Data) -> None:
    trust = accepted(data, trust={"offline": {"roots": [ROOT]}}).network.trust
    assert trust.in_store is None
    assert trust.offline is not None
    assert trust.offline.secret_path == "mesh"


def test_during_a_change_two_offline_roots_are_trusted_and_never_more(data: Data) -> None:
    accepted(data, trust={"offline": {"roots": [ROOT, OTHER]}})
    key, _, _ = only(data, trust={"offline": {"roots": [ROOT, OTHER, ROOT]}})
    assert key == "settings.network.trust.offline.roots"


@pytest.mark.parametrize(
    "text",
    [
        ROOT + OTHER,
        ROOT.replace("CERTIFICATE", "PRIVATE KEY"),
        ROOT + ROOT.replace("CERTIFICATE", "PRIVATE KEY"),
        "-----BEGIN CERTIFICATE-----\n",
        "root",
    ],
)
def test_a_root_is_one_certificate_and_never_comes_with_a_key(data: Data, text: str) -> None:
    key, given, _ = only(data, trust={"offline": {"roots": [text]}})
    assert key == "settings.network.trust.offline.roots[0]"
    assert "MIIB" not in given or text == "root"


@pytest.mark.parametrize("trusted", [[1], [1, 3]])
def test_the_root_that_signs_is_trusted(data: Data, trusted: list[int]) -> None:
    key, given, remedy = only(data, trust={"vault": {"signing": 2, "trusted": trusted}})
    assert key == "settings.network.trust.vault.trusted"
    assert given == f"given {trusted!r}"
    assert "add 2 to it" in remedy


@pytest.mark.parametrize("vault", [{"trusted": [1, 2]}, {"signing": 2, "trusted": [1, 2]}])
def test_a_change_of_roots_has_a_time_in_which_both_are_trusted(data: Data, vault: Data) -> None:
    root = accepted(data, trust={"vault": vault}).network.trust.in_store
    assert root is not None
    assert root.trusted == (1, 2)


def test_a_root_is_not_named_twice(data: Data) -> None:
    key, _, remedy = only(data, trust={"vault": {"trusted": [1, 1]}})
    assert (key, remedy) == ("settings.network.trust.vault.trusted", "name each root once")


@pytest.mark.parametrize(("key", "value"), [("encryption", "tls"), ("hubble", "on"), ("existing", "replace")])
def test_a_word_that_is_not_known_is_refused_with_those_that_are(data: Data, key: str, value: str) -> None:
    place, _, remedy = only(data, **{key: value})
    assert place == f"settings.network.{key}"
    assert "allowed are" in remedy or "use one of" in remedy


def test_kube_proxys_place_is_not_up_to_the_settings(data: Data) -> None:
    assert only(data, kubeProxyReplacement=False)[1] == "given an unknown key"


def test_a_clusters_number_does_not_change_with_other_clusters() -> None:
    mesh = ClusterMesh(domain="mesh.example.com")
    alone, among = cluster_ids(["west"], mesh), cluster_ids(["east", "south", "west"], mesh)
    assert alone["west"] == among["west"]
    assert all(1 <= number <= LARGEST_ID for number in cluster_ids(map(str, range(2000)), mesh).values())


def test_without_a_cluster_mesh_no_cluster_has_a_number() -> None:
    assert cluster_ids(["east", "west"], None) == {"east": 0, "west": 0}


def test_a_number_that_is_given_wins() -> None:
    assert cluster_ids(["east"], ClusterMesh(domain="mesh.example.com", ids={"east": 7})) == {"east": 7}


def test_equal_numbers_of_clusters_are_refused_with_a_free_one(data: Data) -> None:
    mesh = {"domain": "mesh.example.com", "ids": {"east": 1, "west": 1}}
    key, given, remedy = only(data, clusterMesh=mesh)
    assert (key, given) == ("settings.network.clusterMesh.ids.west", "given 1")
    assert "such as `west: 2`: cluster 'east' has 1 already" in remedy


def test_a_number_made_from_a_name_that_meets_another_is_refused_as_well(data: Data) -> None:
    west = cluster_ids(["west"], ClusterMesh(domain="mesh.example.com"))["west"]
    key, given, _ = only(data, clusterMesh={"domain": "mesh.example.com", "ids": {"east": west}})
    assert key == "settings.network.clusterMesh.ids.west"
    assert f"which makes it {west}" in given


@pytest.mark.parametrize("number", [0, 256, "7", True])
def test_a_number_outside_of_what_cilium_has_is_refused(data: Data, number: object) -> None:
    key, _, _ = only(data, clusterMesh={"domain": "mesh.example.com", "ids": {"east": number}})
    assert key == "settings.network.clusterMesh.ids.east"


def test_a_number_for_a_cluster_that_is_not_there_is_refused(data: Data) -> None:
    key, given, remedy = only(data, clusterMesh={"domain": "mesh.example.com", "ids": {"wset": 3}})
    assert (key, given) == ("settings.network.clusterMesh.ids.wset", "given 'wset'")
    assert "did you mean 'west'?" in remedy


def test_an_audience_for_a_cluster_that_is_not_there_is_refused(data: Data) -> None:
    key, _, _ = only(data, tokenAudiences={"north": "https://kubernetes.example.com"})
    assert key == "settings.network.tokenAudiences.north"


def test_python_cannot_make_two_roots_either() -> None:
    with pytest.raises(ValueError, match="leave one of the two out"):
        MeshTrust.model_validate({"vault": {}, "offline": {"roots": [ROOT]}})


@pytest.mark.parametrize(("existing", "refused"), [("install", True), ("keep", False)])
def test_a_cluster_mesh_has_no_overlay_beside_addresses_of_a_vpc(
    data: Data, existing: str, refused: bool
) -> None:
    """What is in a cluster already is its owner's matter."""
    east, west = data["clusters"][:2]
    aws = {
        "account": "123456789012",
        "vpcCidr": "10.96.0.0/16",
        "admins": ["arn:aws:iam::123456789012:role/a"],
    }
    east |= {"kind": "eks", "region": "eu-central-1", "aws": aws}
    west |= {"kind": "existing", "context": "west", "apiServer": {"url": "https://west.example.com"}}
    network = {"clusterMesh": {"domain": "mesh.example.com"}, "existing": existing}
    if not refused:
        accepted(data, **network)
        return
    key, given, remedy = only(data, **network)
    assert key == "settings.network.clusterMesh"
    assert "'eks' and of kind 'existing'" in given
    assert "one of the two kinds" in remedy


@pytest.mark.parametrize(
    ("existing", "sources", "refused"),
    [("install", [], True), ("install", ["10.0.0.0/16"], False), ("keep", [], False)],
)
def test_a_cluster_mesh_is_told_from_where_nodes_come_that_this_program_did_not_make(
    data: Data, existing: str, sources: list[str], refused: bool
) -> None:
    for cluster in data["clusters"]:
        cluster |= {"kind": "existing", "context": cluster["name"]}
        cluster["apiServer"] = {"url": f"https://{cluster['name']}.example.com"}
    network = {"clusterMesh": {"domain": "mesh.example.com", "sources": sources}, "existing": existing}
    if not refused:
        accepted(data, **network)
        return
    key, given, remedy = only(data, **network)
    assert (key, given) == ("settings.network.clusterMesh.sources", "given nothing")
    assert "such as [10.0.0.0/16]" in remedy


@pytest.mark.parametrize("source", ["0.0.0.0/0", "10.0.0.0/7", "10.0.0.1/16", "nodes"])
def test_a_cluster_mesh_is_never_open_to_everybody(data: Data, source: str) -> None:
    key, _, _ = only(data, clusterMesh={"domain": "mesh.example.com", "sources": [source]})
    assert key == "settings.network.clusterMesh.sources[0]"
