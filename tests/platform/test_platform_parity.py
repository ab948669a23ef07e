"""Both engines are held to the same URNs, inputs and live objects, wherever the real one is on PATH."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from kubernetes import client, config, dynamic

from tests.platform.command import Platform

pytestmark = [
    pytest.mark.pulumi,
    pytest.mark.skipif(
        shutil.which("pulumi") is None or shutil.which("pulumi-resource-kubernetes") is None,
        reason="parity with the real engine needs pulumi and pulumi-resource-kubernetes on PATH",
    ),
]

KINDS = (
    ("v1", "Namespace"),
    ("v1", "ConfigMap"),
    ("v1", "LimitRange"),
    ("v1", "ResourceQuota"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("cilium.io/v2", "CiliumNetworkPolicy"),
    ("external-secrets.io/v1", "ClusterSecretStore"),
    ("external-secrets.io/v1", "ExternalSecret"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
)
SERVER_SET = {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"}
ADDRESSES = {"clusterIP", "clusterIPs"}


@pytest.mark.lab
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_both_engines_plan_the_same_resources_with_the_same_inputs(lab_only: Platform, stack: str) -> None:
    plans = {
        engine: {r["urn"]: _comparable(r) for r in json.loads(_preview(lab_only, stack, engine))}
        for engine in ("embedded", "pulumi")
    }
    assert plans["embedded"].keys() == plans["pulumi"].keys()
    for urn, resource in plans["embedded"].items():
        assert resource == plans["pulumi"][urn]


@pytest.mark.lab
def test_both_engines_leave_the_same_objects_in_the_clusters(platform: Platform) -> None:
    embedded = {name: _live(platform, name) for name in ("east", "west")}
    platform.mlops("down", "--engine", "embedded")
    try:
        platform.mlops("up", "--engine", "pulumi")
        real = {name: _live(platform, name) for name in ("east", "west")}
        platform.mlops("down", "--engine", "pulumi")
    finally:
        platform.mlops("up", "--engine", "embedded")
    assert len(embedded["east"]) > 50
    for cluster, objects in embedded.items():
        assert objects.keys() == real[cluster].keys()
        for key, body in objects.items():
            assert body == real[cluster][key], key


def _preview(platform: Platform, stack: str, engine: str) -> str:
    printed = platform.mlops("preview", "--stack", stack, "--engine", engine, "--json")
    return printed[printed.index("[\n") : printed.rindex("]") + 1]


def _comparable(resource: dict[str, Any]) -> dict[str, Any]:
    """Without the operation (each engine has a state of its own) and what the real one adds to providers."""
    inputs = {k: v for k, v in resource["inputs"].items() if k not in {"__internal", "version"}}
    kept = {k: v for k, v in resource.items() if k != "operation"}
    return {**kept, "inputs": inputs, "dependencies": sorted(resource["dependencies"])}


def _live(platform: Platform, cluster: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Every object of the stack's kinds, without what the server or a controller sets."""
    api = config.new_client_from_config(str(platform.folder.kubeconfig), context=cluster)
    with client.ApiClient(api.configuration) as connection:
        served = dynamic.DynamicClient(connection)
        found = [
            (kind, item.to_dict())
            for version, kind in KINDS
            for item in served.resources.get(api_version=version, kind=kind).get().items
        ]
    ours = {
        (kind, body["metadata"].get("namespace", ""), body["metadata"]["name"]): _cleaned(body)
        for kind, body in found
    }
    return {key: body for key, body in ours.items() if _of_the_stack(key)}


def _of_the_stack(key: tuple[str, str, str]) -> bool:
    kind, namespace, name = key
    scope = name if kind == "Namespace" else namespace
    made_by_controllers = (kind, name) in {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
    return not made_by_controllers and (scope.startswith(("mlops-", "gpu-")) or kind == "ClusterSecretStore")


def _cleaned(body: dict[str, Any]) -> dict[str, Any]:
    metadata = {k: v for k, v in body["metadata"].items() if k not in SERVER_SET}
    annotations = metadata.pop("annotations", None) or {}
    metadata["annotations"] = {
        k: v for k, v in annotations.items() if k != "deployment.kubernetes.io/revision"
    }
    spec = body.get("spec")
    if isinstance(spec, dict):
        spec = {k: v for k, v in spec.items() if k not in ADDRESSES}
    rest = {k: v for k, v in body.items() if k not in {"metadata", "spec", "status"}}
    return {**rest, "metadata": metadata, "spec": spec}
