"""The mesh's chain on a real secret store: each cluster has its own intermediate signed, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pulumi
import pytest
from cryptography import x509
from hvac.exceptions import Forbidden, InvalidRequest

from components.secrets.mesh_root import mount_of, root_settings
from components.trust.mesh_names import DURATION, common_name
from components.trust.mesh_signing import (
    MeshSigning,
    MeshSigningArgs,
    policy_name,
    signing_path,
    signing_policy,
)
from tests.components.chains import Authority, leaf, signed, verifies
from tests.dev_store import as_holder_of, dev_store
from tests.recorder import run

FIRST, SECOND = mount_of(1), mount_of(2)
WORKLOAD = "spiffe://cluster.local/ns/platform/sa/tracker"

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hvac.Client]:
    """Two generations of the root, made as the program makes them."""
    with dev_store(tmp_path_factory.mktemp("store")) as client:
        for generation in (1, 2):
            mount = mount_of(generation)
            settings = {**root_settings("example", generation)}
            client.sys.enable_secrets_engine(
                "pki", path=mount, config={"max_lease_ttl": f"{settings['ttl']}s"}
            )
            client.write_data(f"{mount}/root/generate/internal", data=settings)
        yield client


def cluster(store: hvac.Client, name: str, mount: str = FIRST) -> hvac.Client:
    """cert-manager of a cluster, once it has logged in."""
    return as_holder_of(store, policy_name(name), signing_policy(name, mount))


def intermediate(store: hvac.Client, name: str, mount: str = FIRST) -> Authority:
    return signed(cluster(store, name, mount), signing_path(mount), common_name(name), DURATION)


@needs_openssl
def test_a_chain_verifies_from_a_workload_to_the_root_in_every_cluster(
    store: hvac.Client, tmp_path: Path
) -> None:
    for name in ("east", "west", "south"):
        authority = intermediate(store, name)
        assert verifies(leaf(authority, WORKLOAD), [authority.certificate], [authority.root], tmp_path), name


@needs_openssl
def test_clusters_know_each_other_by_the_one_root(store: hvac.Client, tmp_path: Path) -> None:
    east, west = intermediate(store, "east"), intermediate(store, "west")
    assert east.root == west.root
    assert east.certificate != west.certificate
    assert verifies(leaf(east, WORKLOAD), [east.certificate], [west.root], tmp_path)


@needs_openssl
def test_a_foreign_chain_does_not_verify(store: hvac.Client, tmp_path: Path) -> None:
    own, foreign = intermediate(store, "east"), intermediate(store, "east", SECOND)
    stranger = leaf(foreign, WORKLOAD)
    assert not verifies(stranger, [foreign.certificate], [own.root], tmp_path)
    assert not verifies(stranger, [own.certificate], [own.root], tmp_path)
    assert not verifies(leaf(own, WORKLOAD), [], [own.root], tmp_path), "a chain with a gap"


def test_below_an_intermediate_there_is_no_other_authority(store: hvac.Client) -> None:
    made = x509.load_pem_x509_certificate(intermediate(store, "east").certificate.encode())
    limits = made.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


@needs_openssl
def test_a_renewed_intermediate_and_its_predecessor_are_good_at_once(
    store: hvac.Client, tmp_path: Path
) -> None:
    before, after = intermediate(store, "east"), intermediate(store, "east")
    assert before.certificate != after.certificate
    for authority in (before, after):
        assert verifies(leaf(authority, WORKLOAD), [authority.certificate], [after.root], tmp_path)


@needs_openssl
def test_while_roots_change_what_either_of_them_signed_is_good(store: hvac.Client, tmp_path: Path) -> None:
    """The steps of docs/trust.md: trust both, sign with the new one, trust the new one alone."""
    old, new = intermediate(store, "east"), intermediate(store, "west", SECOND)
    leaves = [(leaf(one, WORKLOAD), [one.certificate]) for one in (old, new)]
    steps = {
        "before": ([old.root], [True, False]),
        "both": ([old.root, new.root], [True, True]),
        "after": ([new.root], [False, True]),
    }
    for step, (trusted, expected) in steps.items():
        assert [verifies(*one, trusted, tmp_path) for one in leaves] == expected, step


def test_a_cluster_cannot_have_another_clusters_intermediate_signed(store: hvac.Client) -> None:
    with pytest.raises(Forbidden):
        signed(cluster(store, "east"), signing_path(FIRST), common_name("west"), DURATION)


@pytest.mark.parametrize(
    "more",
    [
        {"ttl": "87600h0m0s"},
        {"max_path_length": "1"},
        {"use_csr_values": "true"},
        {"uri_sans": "spiffe://cluster.local/ns/istio-system/sa/istiod"},
        {"alt_names": "vault.example.com"},
        {"exclude_cn_from_sans": "false"},
        {"organization": "somebody"},
    ],
)
def test_one_word_more_than_cert_manager_sends_is_refused(store: hvac.Client, more: dict[str, str]) -> None:
    words = {"ttl": DURATION, **more}
    with pytest.raises(Forbidden):
        signed(cluster(store, "east"), signing_path(FIRST), common_name("east"), **words)


@pytest.mark.parametrize(
    "path",
    [
        f"{FIRST}/root/generate/internal",
        f"{FIRST}/issue/anything",
        f"{FIRST}/roles/anything",
        f"{FIRST}/sign-verbatim",
        f"{FIRST}/config/issuers",
        signing_path(SECOND),
        "sys/policies/acl/mlops-intermediate-east",
    ],
)
def test_nothing_else_of_the_store_is_open_to_it(store: hvac.Client, path: str) -> None:
    with pytest.raises((Forbidden, InvalidRequest)) as refused:
        cluster(store, "east").write_data(path, data={"common_name": common_name("east")})
    assert isinstance(refused.value, Forbidden)


def recorded() -> dict[str, dict[str, Any]]:
    def program() -> None:
        MeshSigning(
            "mesh-signing",
            MeshSigningArgs(clusters=("east", "west"), mount=FIRST),
            pulumi.ResourceOptions(),
        )

    found = run(program)
    assert found.misnamed() == []
    return {one.name: one.inputs for one in found.declarations if not one.is_component}


def test_every_cluster_has_a_policy_of_its_own() -> None:
    assert {name: one["name"] for name, one in recorded().items()} == {
        "mesh-signing-east": policy_name("east"),
        "mesh-signing-west": policy_name("west"),
    }


def test_a_policy_has_no_pattern_and_no_sudo() -> None:
    for one in recorded().values():
        assert "*" not in one["policy"]
        assert "sudo" not in one["policy"]
