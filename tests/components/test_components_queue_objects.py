from __future__ import annotations

from typing import Any

import pytest

from components.gpu.queue_objects import (
    PRIORITIES,
    cluster_queue,
    flavor,
    local_queue,
    priority_class,
    resource_groups,
    topology,
)
from components.manifest import NamespaceRef
from config.gpu import node_labels, node_taints
from config.gpu_pool import GpuPool
from config.gpu_queues import GpuQueue
from tests.stacks.stack_schemas import crd_schema, custom_mistakes
from tests.stacks.test_stacks_schemas import CRDS, needs_crds


def pool(name: str, purpose: str = "dev", model: str = "A100-80GB", **sharing: Any) -> GpuPool:
    data = {"name": name, "model": model, "purpose": purpose, "nodes": 2, "gpusPerNode": 8}
    return GpuPool.model_validate(data | ({"sharing": sharing} if sharing else {}))


MIXED = pool("mixed", strategy="mig", profiles={"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1})
SINGLE = pool("single", strategy="mig", profiles={"1g.10gb": 7})
WHOLE = pool("whole", "training", "H100-80GB")
SHARED = pool("shared", strategy="time-slicing", replicas=4)
POOLS = [MIXED, SINGLE, WHOLE, SHARED]
HOME = NamespaceRef(name="mlops-dev", ready="mlops-dev")
SLICE = "nvidia.com/mig-1g.10gb"


def queue(**quotas: Any) -> GpuQueue:
    return GpuQueue.model_validate({"team": "ml", "weight": 2, "quotas": quotas})


EVERYTHING = queue(
    mixed={SLICE: {"nominal": 8, "borrowing": 4, "lending": 2}, "nvidia.com/mig-2g.20gb": {"nominal": 1}},
    whole={"nvidia.com/gpu": {"nominal": 8}},
    single={"nvidia.com/gpu": {"nominal": 7, "lending": 0}},
)


@needs_crds
@pytest.mark.parametrize(
    "manifest",
    [
        topology({"team": "a"}),
        *(flavor(one, {"team": "a"}) for one in POOLS),
        *(priority_class(name, {}) for name in PRIORITIES),
        cluster_queue(EVERYTHING, POOLS, ["mlops-dev"], {}),
        local_queue("ml", HOME, {}),
    ],
    ids=lambda manifest: f"{manifest['kind']} {manifest['metadata']['name']}",
)
def test_every_object_is_what_kueues_own_definition_allows(manifest: dict[str, Any]) -> None:
    schema = crd_schema(CRDS, manifest["apiVersion"], manifest["kind"])
    assert custom_mistakes(manifest, schema) == []
    broken = {**manifest, "spec": {**manifest.get("spec", {}), "quota": 1}}
    assert custom_mistakes(broken, schema)


@pytest.mark.parametrize("one", POOLS, ids=lambda one: one.name)
def test_a_flavor_is_the_nodes_of_its_pool(one: GpuPool) -> None:
    spec = flavor(one, {})["spec"]
    assert spec["nodeLabels"].items() <= node_labels(one).items()
    assert spec["nodeTaints"] == node_taints(one)


@pytest.mark.parametrize("one", POOLS, ids=lambda one: one.name)
def test_a_purpose_is_tolerated_by_the_pod_itself_or_not_at_all(one: GpuPool) -> None:
    """Kueue hands out a flavor's tolerations to whoever is admitted: a run of development would get onto training."""
    assert {each["key"] for each in flavor(one, {})["spec"]["tolerations"]} == {"nvidia.com/gpu"}


def test_runs_of_training_are_placed_near_each_other() -> None:
    placed = {one.name for one in POOLS if "topologyName" in flavor(one, {})["spec"]}
    assert placed == {"whole"}
    levels = [one["nodeLabel"] for one in topology({})["spec"]["levels"]]
    assert levels == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


def test_a_model_in_production_goes_before_experiments_and_those_before_development() -> None:
    values = {name: priority_class(name, {})["value"] for name in PRIORITIES}
    assert values["production-retrain"] > values["experiment"] > values["dev-environment"] > 0


def test_quotas_are_nominal_borrowed_and_lent_as_the_settings_say() -> None:
    (group,) = resource_groups(EVERYTHING, [MIXED])
    assert group["coveredResources"] == [SLICE, "nvidia.com/mig-2g.20gb"]
    (given,) = group["flavors"]
    assert given["resources"] == [
        {"name": SLICE, "nominalQuota": 8, "borrowingLimit": 4, "lendingLimit": 2},
        {"name": "nvidia.com/mig-2g.20gb", "nominalQuota": 1},
    ]


def test_a_resource_is_in_one_group_and_every_flavor_of_a_group_covers_all_of_it() -> None:
    """Kueue refuses anything else."""
    shared = queue(
        mixed={SLICE: {"nominal": 1}},
        whole={"nvidia.com/gpu": {"nominal": 1}},
        single={"nvidia.com/gpu": {"nominal": 1}},
        shared={"nvidia.com/gpu.shared": {"nominal": 1}},
    )
    groups = resource_groups(shared, POOLS)
    covered = [resource for group in groups for resource in group["coveredResources"]]
    assert sorted(covered) == [SLICE.replace("mig-1g.10gb", "gpu"), "nvidia.com/gpu.shared", SLICE]
    assert len(groups) == 3
    for group in groups:
        for one in group["flavors"]:
            assert [each["name"] for each in one["resources"]] == group["coveredResources"]


def test_what_a_pool_of_a_group_does_not_have_is_none_of_and_cannot_be_borrowed() -> None:
    both = pool("both", strategy="mig", profiles={"1g.10gb": 2, "3g.40gb": 1})
    wanted = queue(
        mixed={SLICE: {"nominal": 1}}, both={SLICE: {"nominal": 2}, "nvidia.com/mig-3g.40gb": {"nominal": 3}}
    )
    (group,) = resource_groups(wanted, [MIXED, both])
    nothing = {"name": "nvidia.com/mig-3g.40gb", "nominalQuota": 0, "borrowingLimit": 0}
    assert group["flavors"][0]["resources"][1] == nothing


def test_a_team_takes_back_what_it_lent_and_shares_fairly() -> None:
    spec = cluster_queue(EVERYTHING, POOLS, ["b", "a"], {})["spec"]
    assert spec["preemption"] == {"withinClusterQueue": "LowerPriority", "reclaimWithinCohort": "Any"}
    assert spec["fairSharing"] == {"weight": "2"}
    assert spec["namespaceSelector"]["matchExpressions"][0]["values"] == ["a", "b"]


def test_the_way_into_a_queue_has_the_name_that_kueue_takes_by_default() -> None:
    made = local_queue("ml", HOME, {})
    assert (made["metadata"]["name"], made["spec"]["clusterQueue"]) == ("default", "ml")
