from __future__ import annotations

import pulumi
from pulumi_kubernetes import Provider

from components.gpu.queues import GpuQueues, GpuQueuesArgs
from tests.components.test_components_queue_objects import EVERYTHING, HOME, POOLS
from tests.recorder import Declaration, run


def declared() -> dict[str, Declaration]:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        GpuQueues(
            "east-queues",
            GpuQueuesArgs(
                pools=POOLS, queues=[EVERYTHING], namespaces={"ml": [HOME]}, after=[provider], labels={}
            ),
            pulumi.ResourceOptions(provider=provider),
        )

    return {one.name: one for one in run(program).declarations}


def test_every_object_comes_after_what_brings_its_kind() -> None:
    made = [one for one in declared().values() if one.is_kubernetes]
    assert made
    assert all("east" in one.explicit_dependencies for one in made)


def test_a_namespace_enters_its_teams_queue_once_that_is_there() -> None:
    made = declared()
    entry = made["east-queues-entry-mlops-dev"]
    assert entry.inputs["spec"]["clusterQueue"] == "ml"
    assert entry.inputs["metadata"]["namespace"] == "mlops-dev"
    assert "east-queues-queue-ml" in entry.dependencies


def test_priorities_have_their_value_beside_their_metadata() -> None:
    made = declared()["east-queues-priority-experiment"]
    assert made.type == "kubernetes:kueue.x-k8s.io/v1beta2:WorkloadPriorityClass"
    assert made.inputs["value"] == 500
