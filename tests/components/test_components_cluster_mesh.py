"""Cilium's ClusterMesh: who is shown what, and by which certificates."""

from __future__ import annotations

from components.manifest import NamespaceRef
from components.network.cluster_mesh import ISSUER, certificates, cluster_mesh_values
from config.network_settings import ClusterMesh

MESH = ClusterMesh(domain="mesh.example.com")
SYSTEM = NamespaceRef(name="kube-system", ready="kube-system")
NAMES = ("east", "west", "south")


def test_without_settings_nothing_is_shown_to_anybody() -> None:
    found = cluster_mesh_values("east", NAMES, None)
    assert (found["useAPIServer"], found["config"]) == (False, {"enabled": False})


def test_a_cluster_connects_to_all_others_and_not_to_itself() -> None:
    clusters = cluster_mesh_values("east", NAMES, MESH)["config"]["clusters"]
    assert clusters == {
        "west": {"address": "west.mesh.example.com", "port": 2379},
        "south": {"address": "south.mesh.example.com", "port": 2379},
    }


def test_a_cluster_answers_at_the_address_that_the_others_ask_and_its_certificate_names_it() -> None:
    service = cluster_mesh_values("west", NAMES, MESH)["apiserver"]["service"]
    asked = cluster_mesh_values("east", NAMES, MESH)["config"]["clusters"]["west"]["address"]
    assert list(service["annotations"].values()) == [asked]
    assert asked in certificates("west", MESH, SYSTEM)["server"]["spec"]["dnsNames"]


def test_a_policy_speaks_of_its_own_cluster_unless_it_names_another() -> None:
    """A namespace of the same name elsewhere would be let in without anybody having said so."""
    for mesh in (None, MESH):
        assert cluster_mesh_values("east", NAMES, mesh)["policyDefaultLocalCluster"] is True


def test_every_cluster_enters_another_under_its_own_name() -> None:
    assert cluster_mesh_values("east", NAMES, MESH)["apiserver"]["tls"]["authMode"] == "cluster"
    names = {part: one["spec"]["commonName"] for part, one in certificates("east", MESH, SYSTEM).items()}
    assert (names["remote"], names["local"], names["admin"]) == ("remote-east", "local-east", "admin-east")


def test_the_secrets_are_those_that_the_chart_reads() -> None:
    secrets = {one["spec"]["secretName"] for one in certificates("east", MESH, SYSTEM).values()}
    assert secrets == {
        f"clustermesh-apiserver-{part}-cert" for part in ("server", "admin", "remote", "local")
    }


def test_only_the_server_may_serve_and_one_authority_signs_for_all_clusters() -> None:
    for part, one in certificates("east", MESH, SYSTEM).items():
        assert ("server auth" in one["spec"]["usages"]) is (part == "server")
        assert one["spec"]["issuerRef"]["name"] == ISSUER
        assert one["spec"]["privateKey"]["rotationPolicy"] == "Always"
