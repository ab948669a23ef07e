"""Both engines are held to the same URNs, inputs and live objects, wherever the real one is on PATH."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config, dynamic

from cli.pulumi_cli import PulumiCli
from cli.target import PASSPHRASE
from engine.plan import PlannedResource, preview
from engine.project import Project
from lab.folder import LabFolder, write_private
from tests.platform.command import ROOT, Platform

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


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_both_engines_plan_the_same_resources_with_the_same_inputs(tmp_path: Path, stack: str) -> None:
    backend = LabFolder(tmp_path / "lab")
    backend.create()
    write_private(backend.secret(PASSPHRASE), "only for this test")
    driver = PulumiCli(program="pulumi", root=ROOT, stack=stack, lab=backend)
    real = {resource.urn: _comparable(resource) for resource in driver.preview()[0]}
    embedded = {r.urn: _comparable(r) for r in preview(Project.load(ROOT), stack).resources}
    assert len(embedded) > 100
    assert embedded.keys() == real.keys()
    for urn, resource in embedded.items():
        assert resource == real[urn]


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


def _comparable(planned: PlannedResource) -> dict[str, Any]:
    """Without the operation (each engine has a state of its own) and what the real one adds to providers."""
    inputs = {k: v for k, v in planned.inputs.items() if k not in {"__internal", "version"}}
    return {
        "type": planned.type,
        "name": planned.name,
        "parent": planned.parent,
        "provider": planned.provider,
        "cluster": planned.cluster,
        "dependencies": sorted(planned.dependencies),
        "inputs": inputs,
    }


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
        if not body["metadata"].get("ownerReferences")
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
