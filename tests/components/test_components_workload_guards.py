"""Workload controls at admission say what the packs say, of every kind that bears a pod."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.admission.workload_guards import SYSTEM_NAMESPACES, WORKLOAD_GUARDS
from components.isolation.namespace import restricted_namespace
from tests.components.admission_requests import bearing, refusing
from tests.policy_packs.control_pairs import found

PODS: list[tuple[str, dict[str, Any]]] = [
    ("nothing", {}),
    ("security without privileged", {"containers": [{"name": "a", "securityContext": {}}]}),
    ("privileged", {"initContainers": [{"name": "a", "securityContext": {"privileged": True}}]}),
    ("not privileged", {"containers": [{"name": "a", "securityContext": {"privileged": False}}]}),
    ("network", {"hostNetwork": True}),
    ("processes", {"hostPID": True}),
    ("memory", {"hostIPC": True}),
    ("none of the host", {"hostNetwork": False, "hostPID": False, "hostIPC": False}),
    ("port", {"containers": [{"name": "a", "ports": [{"containerPort": 1}, {"hostPort": 80}]}]}),
    ("port zero", {"containers": [{"name": "a", "ports": [{"containerPort": 1, "hostPort": 0}]}]}),
    ("path", {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/"}}]}),
    ("no path", {"volumes": [{"name": "a", "emptyDir": {}}]}),
]
LABEL = "pod-security.kubernetes.io/enforce"
NAMESPACES: list[dict[str, str]] = [
    {},
    {LABEL: "restricted"},
    {f"{LABEL}-version": "v1.36"},
    {LABEL: "baseline", f"{LABEL}-version": "v1.36"},
    {LABEL: "restricted", f"{LABEL}-version": "latest"},
    {LABEL: "restricted", f"{LABEL}-version": "v1.36.1"},
    {LABEL: "restricted", f"{LABEL}-version": "v1.36"},
]


@pytest.mark.parametrize("spec", [spec for _, spec in PODS], ids=[name for name, _ in PODS])
def test_the_verdict_on_a_pod_is_the_packs(spec: dict[str, Any]) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "app", "namespace": "team"},
        "spec": {"containers": [{"name": "app"}], **spec},
    }
    for manifest in bearing(pod):
        broken = {one for one in ("WL-01", "WL-02", "WL-03") if found(one, yaml.safe_dump(manifest))}
        assert refusing(manifest, WORKLOAD_GUARDS) == broken, manifest["kind"]


@pytest.mark.parametrize("labels", NAMESPACES, ids=str)
def test_the_verdict_on_a_namespace_is_the_packs(labels: dict[str, str]) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team", "labels": labels}}
    assert bool(refusing(namespace, WORKLOAD_GUARDS)) is bool(found("WL-13", yaml.safe_dump(namespace)))


def test_a_namespace_without_any_label_is_refused() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    assert refusing(namespace, WORKLOAD_GUARDS) == {"WL-13"}


@pytest.mark.parametrize("name", SYSTEM_NAMESPACES)
def test_the_clusters_own_namespaces_and_pods_are_left_alone(name: str) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "agent", "namespace": name},
        "spec": {"hostNetwork": True, "containers": []},
    }
    assert refusing(namespace, WORKLOAD_GUARDS) == set()
    assert refusing(pod, WORKLOAD_GUARDS, labels={}) == set()


def test_the_namespaces_of_the_platform_pass() -> None:
    assert refusing(restricted_namespace("team", {}), WORKLOAD_GUARDS) == set()
