"""The authority of Cilium's ClusterMesh on a real secret store: each cluster's own names, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hvac
import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from hvac.exceptions import Forbidden, InvalidRequest

from components.manifest import NamespaceRef
from components.network.cluster_mesh import certificates
from components.trust.cluster_mesh_root import MOUNT, ClusterMeshRoot, ClusterMeshRootArgs, signing_path
from config.network_settings import ClusterMesh
from tests.components.chains import asked, request
from tests.dev_store import as_holder_of, dev_store
from tests.recorder import Declaration, run

MESH = ClusterMesh(domain="mesh.example.com")
SYSTEM = NamespaceRef(name="kube-system", ready="kube-system")
LIFE = "2160h0m0s"


def recorded() -> dict[str, Declaration]:
    def program() -> None:
        ClusterMeshRoot(
            "root",
            ClusterMeshRootArgs(
                organization="example", clusters=("east", "west"), mesh=MESH, namespace="kube-system"
            ),
            pulumi.ResourceOptions(),
        )

    found = run(program)
    assert found.misnamed() == []
    return {one.name: one for one in found.declarations}


def snake(inputs: dict[str, Any]) -> dict[str, Any]:
    """As the store's API spells what the provider is given."""
    names = {key: "".join(f"_{c.lower()}" if c.isupper() else c for c in key) for key in inputs}
    return {names[key]: value for key, value in inputs.items() if key not in {"backend", "name"}}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hvac.Client]:
    """What the program declares, in a server."""
    made = recorded()
    with dev_store(tmp_path_factory.mktemp("store")) as client:
        life = made["root-mount"].inputs["maxLeaseTtlSeconds"]
        client.sys.enable_secrets_engine("pki", path=MOUNT, config={"max_lease_ttl": f"{life}s"})
        client.write_data(f"{MOUNT}/root/generate/internal", data=snake(made["root-root"].inputs))
        for cluster in ("east", "west"):
            role = made[f"root-role-{cluster}"].inputs
            client.write_data(f"{MOUNT}/roles/{role['name']}", data=snake(role))
        yield client


def signed(store: hvac.Client, cluster: str, name: str, hosts: list[str], **more: str) -> x509.Certificate:
    policy = recorded()[f"root-policy-{cluster}"].inputs
    client = as_holder_of(store, policy["name"], policy["policy"])
    csr = request(name, ec.generate_private_key(ec.SECP256R1()), hosts)
    words = asked(name, csr, LIFE, **{"alt_names": ",".join(hosts), **more})
    answer: dict[str, Any] = client.write_data(signing_path(cluster), data=words)["data"]
    return x509.load_pem_x509_certificate(answer["certificate"].encode())


@pytest.mark.parametrize("part", ["server", "admin", "remote", "local"])
def test_every_certificate_that_a_cluster_asks_for_is_signed(store: hvac.Client, part: str) -> None:
    spec = certificates("east", MESH, SYSTEM)[part]["spec"]
    made = signed(store, "east", spec["commonName"], spec.get("dnsNames", []))
    assert made.subject.rfc4514_string() == f"CN={spec['commonName']}"
    if "dnsNames" in spec:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert sorted(names.get_values_for_type(x509.DNSName)) == sorted(spec["dnsNames"])


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("remote-west", []),
        ("root", []),
        ("remote-east", ["west.mesh.example.com"]),
        ("remote-east.example.com", []),
    ],
)
def test_a_name_of_another_cluster_is_refused(store: hvac.Client, name: str, hosts: list[str]) -> None:
    with pytest.raises(InvalidRequest):
        signed(store, "east", name, hosts)


def test_a_cluster_cannot_use_another_clusters_role(store: hvac.Client) -> None:
    policy = recorded()["root-policy-east"].inputs
    client = as_holder_of(store, policy["name"], policy["policy"])
    csr = request("remote-west", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(Forbidden):
        client.write_data(signing_path("west"), data=asked("remote-west", csr, LIFE))


def test_nothing_that_it_signs_is_an_authority(store: hvac.Client) -> None:
    made = signed(store, "east", "remote-east", [])
    limits = [one.value for one in made.extensions if isinstance(one.value, x509.BasicConstraints)]
    assert not any(one.ca for one in limits)


def test_it_is_another_authority_than_the_meshs() -> None:
    """Whoever it signs for reads the identities of all pods."""
    root = recorded()["root-root"].inputs
    assert root["backend"] == MOUNT != "pki-mesh"
    assert root["maxPathLength"] == 0
