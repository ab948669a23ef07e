"""Three clusters that watch each other, in a lab of their own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest
from kubernetes import client

from lab.folder import LabFolder
from tests.platform.checkout import checkout, with_north
from tests.platform.command import Platform
from tests.platform.store import api
from tests.platform.watching import SYSTEM, watching

pytestmark = pytest.mark.lab

CLUSTERS = ("east", "west", "north")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The stack dev with a third cluster, deployed."""
    folder = tmp_path_factory.mktemp("three")
    (folder / "checkout").mkdir()
    platform = Platform(folder=LabFolder(folder / "lab"), checkout=checkout(folder / "checkout", with_north))
    try:
        platform.mlops("lab", "up", timeout=3000)
        platform.mlops("up", "--engine", "embedded")
        yield platform
    finally:
        platform.mlops("lab", "down", "--purge")


@pytest.mark.parametrize(("holder", "peer"), list(permutations(CLUSTERS, 2)))
def test_each_watches_each_other_one_by_a_secret_of_its_own(three: Platform, holder: str, peer: str) -> None:
    with watching(three, holder, peer) as seen:
        nodes = {one.metadata.name for one in client.CoreV1Api(seen).list_node().items}
        with pytest.raises(client.ApiException, match="403"):
            client.CoreV1Api(seen).list_secret_for_all_namespaces()
    with api(three, peer) as own:
        assert nodes == {one.metadata.name for one in client.CoreV1Api(own).list_node().items}


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_each_knows_the_two_others_and_nobody_else(three: Platform, cluster: str) -> None:
    with api(three, cluster) as own:
        found = client.CoreV1Api(own).list_namespaced_secret(SYSTEM, label_selector="istio/multiCluster=true")
    assert {one.metadata.annotations["networking.istio.io/cluster"] for one in found.items} == {
        one for one in CLUSTERS if one != cluster
    }


def test_a_second_up_changes_nothing(three: Platform) -> None:
    assert "nothing to change" in three.mlops("up", "--engine", "embedded")


def test_the_policies_let_through_what_is_declared_and_nothing_else(three: Platform) -> None:
    printed = three.mlops("network", "matrix")
    assert printed.count(" connections, 0 extra, 0 missing") == len(CLUSTERS)
