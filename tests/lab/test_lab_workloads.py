"""What runs in the clusters of a running lab: nodes, simulated pods, and the way in for users."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kubernetes import client, config

from lab.bootstrap import admin_api
from lab.lab import Lab
from lab.readiness import NotReady, poll
from lab.topology import Topology
from tests.lab.lab_namespaces import made_namespace

pytestmark = pytest.mark.lab

CLUSTERS = ("east", "west")


def test_the_nodes_are_those_of_the_topology_with_their_gpus(lab: Lab, topology: Topology) -> None:
    for cluster in topology.clusters:
        with admin_api(lab.site(), cluster.name) as api:
            live = {node["metadata"]["name"]: node for node in api.list("/api/v1/nodes")}
        assert set(live) == {node.name for node in cluster.nodes}
        for node in cluster.nodes:
            assert live[node.name]["status"]["allocatable"] == dict(node.capacity)
            assert live[node.name]["spec"]["podCIDR"]
            assert dict(node.labels).items() <= live[node.name]["metadata"]["labels"].items()


def test_the_controllers_and_the_scheduler_work_and_a_simulated_pod_becomes_ready(lab: Lab) -> None:
    made_namespace(lab, "east", "workload")
    labels = {"app": "it"}
    pod = {
        "metadata": {"labels": labels},
        "spec": {
            "containers": [
                {"name": "c", "image": "nothing", "resources": {"limits": {"nvidia.com/mig-1g.10gb": "1"}}}
            ],
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        },
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "it"},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    }
    path = "/apis/apps/v1/namespaces/workload/deployments/it"
    with admin_api(lab.site(), "east") as api:
        api.apply(path, deployment)

        def available() -> None:
            found = api.get(path) or {}
            if found.get("status", {}).get("availableReplicas") != 2:
                raise NotReady(str(found.get("status")))

        poll("deployment available", available, 120)
        pods = api.list("/api/v1/namespaces/workload/pods")
        api.delete(path)
    assert {pod["spec"]["nodeName"] for pod in pods} == {"east-dev-1"}


def test_the_kubeconfig_works_with_the_official_client_for_every_cluster(lab: Lab) -> None:
    assert lab.kubeconfig().stat().st_mode & 0o777 == 0o600
    contexts, active = config.list_kube_config_contexts(str(lab.kubeconfig()))
    assert [context["name"] for context in contexts] == list(CLUSTERS)
    assert active["name"] == "east"
    for cluster in CLUSTERS:
        api = config.new_client_from_config(str(lab.kubeconfig()), context=cluster)
        with api:
            names = {node.metadata.name for node in client.CoreV1Api(api).list_node().items}
            git_version = client.VersionApi(api).get_code().git_version
        assert all(name.startswith(f"{cluster}-") for name in names)
        assert git_version.startswith("v1.")
    assert config.list_kube_config_contexts(str(lab.kubeconfig("west")))[1]["name"] == "west"


def test_a_node_that_leaves_the_topology_is_removed_and_a_changed_one_follows(
    lab: Lab, topology: Topology
) -> None:
    first, *others = topology.cluster("west").nodes
    capacity = {**others[0].capacity, "nvidia.com/gpu.shared": "16"}
    changed = replace(others[0], labels={"only": "this"}, capacity=capacity)
    west = replace(topology.cluster("west"), nodes=(changed,))
    status = lab.up(Topology(clusters=(topology.cluster("east"), west)))
    assert status.changed == (), "no process has to be started for that"
    with admin_api(lab.site(), "west") as api:
        (node,) = api.list("/api/v1/nodes")
    assert node["status"]["allocatable"] == capacity
    assert node["metadata"]["labels"].get("only") == "this"
    assert "nvidia.com/gpu.product" not in node["metadata"]["labels"]
    lab.up(topology)
    with admin_api(lab.site(), "west") as api:
        assert {node["metadata"]["name"] for node in api.list("/api/v1/nodes")} == {first.name, changed.name}
