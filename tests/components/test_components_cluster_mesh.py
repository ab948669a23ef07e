"""Cilium's ClusterMesh: who is shown what, and by which certificates."""

from __future__ import annotations

from dataclasses import replace

from components.manifest import NamespaceRef
from components.network.cluster_mesh import ISSUER, Member, certificates, cluster_mesh_values, reached
from config.network_settings import ClusterMesh

MESH = ClusterMesh(domain="mesh.example.com")
SYSTEM = NamespaceRef(name="kube-system", ready="kube-system")
EAST = Member(
    cluster="east",
    others=("west", "south"),
    domain=MESH.domain,
    sources=("10.64.0.0/16", "10.96.0.0/16"),
)
WEST = replace(EAST, cluster="west", others=("east", "south"))


def test_without_settings_nothing_is_shown_to_anybody() -> None:
    found = cluster_mesh_values(None)
    assert (found["useAPIServer"], found["config"]) == (False, {"enabled": False})


def test_a_cluster_connects_to_all_others_and_not_to_itself() -> None:
    clusters = cluster_mesh_values(EAST)["config"]["clusters"]
    assert clusters == {
        "west": {"address": "west.mesh.example.com", "port": 2379},
        "south": {"address": "south.mesh.example.com", "port": 2379},
    }


def test_a_cluster_answers_at_the_address_that_the_others_ask_and_its_certificate_names_it() -> None:
    service = cluster_mesh_values(WEST)["apiserver"]["service"]
    asked = cluster_mesh_values(EAST)["config"]["clusters"]["west"]["address"]
    assert list(service["annotations"].values()) == [asked]
    assert asked in certificates("west", MESH, SYSTEM)["server"]["spec"]["dnsNames"]


def test_a_policy_speaks_of_its_own_cluster_unless_it_names_another() -> None:
    """A namespace of the same name elsewhere would be let in without anybody having said so."""
    for member in (None, EAST):
        assert cluster_mesh_values(member)["policyDefaultLocalCluster"] is True


def test_every_cluster_enters_another_under_its_own_name() -> None:
    assert cluster_mesh_values(EAST)["apiserver"]["tls"]["authMode"] == "cluster"
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


def test_every_container_of_the_server_is_restricted_and_bounded() -> None:
    server = cluster_mesh_values(EAST)["apiserver"]
    for container in (server, server["kvstoremesh"], server["etcd"]):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
    assert "memory" in server["etcd"]["init"]["resources"]["limits"]
    assert server["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}


def test_what_writes_a_file_has_a_place_for_it() -> None:
    server = cluster_mesh_values(EAST)["apiserver"]
    volumes = {one["name"] for one in server["extraVolumes"]}
    for container in (server, server["kvstoremesh"]):
        (mount,) = container["extraVolumeMounts"]
        assert mount["name"] in volumes
        assert container["extraEnv"] == [{"name": "GOPS_CONFIG_DIR", "value": mount["mountPath"]}]


def test_whom_the_load_balancer_lets_in_the_server_lets_in_as_well_and_nobody_else() -> None:
    service = cluster_mesh_values(EAST)["apiserver"]["service"]
    policy = reached(EAST, SYSTEM, {"team": "platform"})["spec"]
    nodes, servers, others = policy["ingress"]
    assert nodes["fromEntities"] == ["host", "remote-node"]
    (server,) = servers["fromEndpoints"]
    assert server["matchLabels"] == policy["endpointSelector"]["matchLabels"]
    (clusters,) = server["matchExpressions"]
    assert (clusters["key"], clusters["operator"]) == ("io.cilium.k8s.policy.cluster", "In")
    assert clusters["values"] == ["east", "west", "south"]
    assert others["fromCIDR"] == service["loadBalancerSourceRanges"] == list(EAST.sources)
    assert {
        port["port"] for rule in policy["ingress"] for one in rule["toPorts"] for port in one["ports"]
    } == {"2379"}


def test_the_server_asks_the_other_clusters_by_name_and_nobody_else_outside() -> None:
    policy = reached(EAST, SYSTEM, {})["spec"]
    named = [one["matchName"] for rule in policy["egress"] for one in rule.get("toFQDNs", ())]
    assert named == ["west.mesh.example.com", "south.mesh.example.com"]
    assert policy["endpointSelector"] == {"matchLabels": {"k8s-app": "clustermesh-apiserver"}}
    assert {"toEntities"} == {key for key in policy["egress"][0] if key != "toPorts"}
    assert policy["egress"][0]["toEntities"] == ["kube-apiserver"]
