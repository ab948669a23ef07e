"""Slices and nodes: what the real scheduler, the real admission and the guard do with pods that ask for GPUs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from config import gpu
from config.gpu_pool import GpuPool
from config.gpu_slices import Slice, slices
from config.load import read
from tests.platform.command import ROOT, Platform
from tests.platform.gpu_pods import HOST, PATIENCE, namespace, nodes, placed, pod, unplaced
from tests.platform.store import api

pytestmark = pytest.mark.lab

CLUSTERS = read(ROOT, "dev").clusters
SLICES = [
    pytest.param(cluster.name, pool, one, id=f"{cluster.name}-{pool.name}-{one.kind}")
    for cluster in CLUSTERS
    for pool in cluster.gpu_pools
    for one in slices(pool)
]
GUARDED = GpuPool.model_validate(
    {
        "name": "guarded",
        "model": "A100-80GB",
        "purpose": "dev",
        "nodes": 1,
        "gpusPerNode": 1,
        "sharing": {"strategy": "mig", "profiles": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}},
    }
)
SMALL = "nvidia.com/mig-1g.10gb"


@pytest.fixture(scope="module")
def east(platform: Platform) -> Iterator[client.CoreV1Api]:
    with api(platform, "east") as connection:
        yield client.CoreV1Api(connection)


@pytest.mark.parametrize(("cluster", "pool", "one"), SLICES)
def test_a_slice_is_found_on_nodes_of_a_pool_that_offers_it(
    platform: Platform, cluster: str, pool: GpuPool, one: Slice
) -> None:
    """Of the pod's own purpose, whatever other pools call a slice by the same name."""
    offering = {
        other.name
        for each in CLUSTERS
        if each.name == cluster
        for other in each.gpu_pools
        if other.purpose == pool.purpose and one.resource in gpu.allocatable(other)
    }
    with api(platform, cluster) as connection:
        core = client.CoreV1Api(connection)
        with namespace(core, "gpu-slices", pool.purpose) as space:
            core.create_namespaced_pod(space, pod("it", one.resource, pool.purpose))
            node = core.read_node(placed(core, space, "it"))
    assert node.metadata.labels[gpu.POOL_LABEL] in offering
    assert int(node.status.allocatable[one.resource]) >= 1


@pytest.mark.parametrize("space", ["default", "mlops-dev"])
def test_a_slice_that_no_pool_offers_is_refused_with_those_that_are(
    east: client.CoreV1Api, space: str
) -> None:
    with pytest.raises(ApiException) as refused:
        east.create_namespaced_pod(space, pod("it", "nvidia.com/mig-1g.5gb", "dev"))
    message = json.loads(refused.value.body)["message"]
    assert refused.value.status == 422
    assert "no GPU pool of this cluster offers that: ask for one of" in message
    assert SMALL in message


def test_a_deployment_that_asks_for_no_slice_of_ours_gets_no_pod(east: client.CoreV1Api) -> None:
    """Whoever makes the pod: the wall is at the pod."""
    with namespace(east, "gpu-refused", "dev") as space:
        template = pod("it", "nvidia.com/mig-7g.80gb", "dev")
        template["metadata"]["labels"] = {"app": "it"}
        spec = {"selector": {"matchLabels": {"app": "it"}}, "template": template}
        apps = client.AppsV1Api(east.api_client)
        apps.create_namespaced_replica_set(
            space, {"metadata": {"name": "it"}, "spec": {**spec, "replicas": 1}}
        )

        def refused() -> None:
            found = apps.read_namespaced_replica_set("it", space).status.conditions or ()
            assert [one for one in found if "no GPU pool of this cluster offers that" in (one.message or "")]

        PATIENCE.copy()(refused)
        assert east.list_namespaced_pod(space).items == []


@pytest.mark.parametrize("space", ["mlops-dev", "mlops-serving", "mlops-platform"])
def test_only_tenants_that_train_may_tolerate_training_nodes(east: client.CoreV1Api, space: str) -> None:
    with pytest.raises(ApiException) as refused:
        east.create_namespaced_pod(space, pod("it", gpu.GPU, "training"))
    assert refused.value.status == 403
    assert "pods of" in json.loads(refused.value.body)["message"]


def test_a_pod_of_development_never_names_a_training_node(east: client.CoreV1Api) -> None:
    bound = pod("it", SMALL, "dev", nodeName="east-training-h100-1")
    with pytest.raises(ApiException) as refused:
        east.create_namespaced_pod("mlops-dev", bound)
    assert "the scheduler chooses the node" in json.loads(refused.value.body)["message"]


def test_a_toleration_for_training_cannot_be_added_later(east: client.CoreV1Api) -> None:
    with namespace(east, "gpu-later", "dev") as space:
        given = pod("it", gpu.GPU, "dev")
        east.create_namespaced_pod(space, given)
        more = [*given["spec"]["tolerations"], {"key": gpu.PURPOSE_LABEL, "operator": "Exists"}]
        with pytest.raises(ApiException) as refused:
            east.patch_namespaced_pod("it", space, {"spec": {"tolerations": more}})
    assert refused.value.status == 403


def test_a_pod_of_development_waits_where_training_nodes_alone_offer_its_slice(
    east: client.CoreV1Api,
) -> None:
    with namespace(east, "gpu-waiting", "dev") as space:
        east.create_namespaced_pod(space, pod("it", gpu.GPU, "dev"))
        assert "untolerated taint" in unplaced(east, space, "it")


def test_a_node_whose_gpus_are_not_cut_takes_no_pod_until_they_are_and_none_when_they_no_longer_are(
    east: client.CoreV1Api,
) -> None:
    with nodes(east, GUARDED, state="pending") as (name,), namespace(east, "gpu-guarded", "dev") as space:
        here: dict[str, Any] = {"nodeSelector": {HOST: name}}
        east.create_namespaced_pod(space, pod("first", SMALL, "dev", **here))
        assert "untolerated taint" in unplaced(east, space, "first")
        tell(east, name, "success")
        assert placed(east, space, "first") == name
        tell(east, name, "pending")
        PATIENCE.copy()(lambda: closed(east, name))
        east.create_namespaced_pod(space, pod("second", SMALL, "dev", **here))
        assert "untolerated taint" in unplaced(east, space, "second")


def test_a_node_that_comes_up_without_its_taint_is_closed_all_the_same(east: client.CoreV1Api) -> None:
    with nodes(east, GUARDED) as (name,):
        tell(east, name, "failed")
        PATIENCE.copy()(lambda: closed(east, name))


def test_fit_says_what_the_cluster_has_left(platform: Platform, east: client.CoreV1Api) -> None:
    words = ("gpu", "fit", "--cluster", "east", "--live", "--json", "--profile", "3g.40gb")
    with namespace(east, "gpu-taken", "dev") as space:
        east.create_namespaced_pod(space, pod("it", "nvidia.com/mig-3g.40gb", "dev", count=7))
        busy = placed(east, space, "it")
        one = json.loads(platform.mlops(*words))
        assert (one["node"], one["able"]) == (busy, 2)
        more = json.loads(platform.mlops(*words, "--count", "2"))
        assert more["node"] != busy
        assert more["able"] == 1


def tell(core: client.CoreV1Api, node: str, state: str) -> None:
    """As MIG manager does."""
    core.patch_node(node, {"metadata": {"labels": {gpu.MIG_STATE_LABEL: state}}})


def closed(core: client.CoreV1Api, node: str) -> None:
    keys = {taint.key for taint in core.read_node(node).spec.taints or ()}
    assert gpu.STARTUP_TAINT["key"] in keys
