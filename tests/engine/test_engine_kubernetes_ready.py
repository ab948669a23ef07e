"""When objects count as ready: a ready one of each kind, and one thing broken at a time."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from engine.errors import RegistrationError
from engine.providers.kubernetes_ready import CHECKS, custom


def _condition(type_: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": type_, "status": status, **more}


_META = {"name": "x", "generation": 2}
READY: dict[tuple[str, str], dict[str, Any]] = {
    ("apps", "Deployment"): {
        "spec": {"replicas": 2},
        "status": {
            "observedGeneration": 2, "updatedReplicas": 2, "readyReplicas": 2,
            "conditions": [_condition("Available"), _condition("Progressing", reason="NewReplicaSetAvailable")],
        },
    },
    ("apps", "StatefulSet"): {
        "spec": {"replicas": 2},
        "status": {
            "observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "currentRevision": "a", "updateRevision": "a",
        },
    },
    ("apps", "DaemonSet"): {
        "status": {
            "observedGeneration": 2, "desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3,
            "numberReady": 3,
        },
    },
    ("batch", "Job"): {"status": {"conditions": [_condition("Complete")]}},
    ("", "Pod"): {"status": {"phase": "Running", "conditions": [_condition("Ready")]}},
    ("", "Namespace"): {"status": {"phase": "Active"}},
    ("", "PersistentVolume"): {"status": {"phase": "Available"}},
    ("", "ReplicationController"): {"spec": {"replicas": 1}, "status": {"availableReplicas": 1}},
    ("", "ResourceQuota"): {"spec": {"hard": {"pods": "1"}}, "status": {"hard": {"pods": "1"}}},
    ("", "Secret"): {"type": "kubernetes.io/service-account-token", "data": {"token": "x"}},
    ("", "Service"): {"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}},
    ("networking.k8s.io", "Ingress"): {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}},
    ("apiextensions.k8s.io", "CustomResourceDefinition"): {"status": {"conditions": [_condition("Established")]}},
}  # fmt: skip

BROKEN: list[tuple[str, str, str, Any, bool, str]] = [
    ("apps", "Deployment", "status.observedGeneration", 1, False, "has not seen it"),
    ("apps", "Deployment", "status.updatedReplicas", 1, False, "1 of 2"),
    ("apps", "Deployment", "status.readyReplicas", 0, False, "0 of 2"),
    ("apps", "Deployment", "status.conditions", [_condition("Available", "False")], False, "2 of 2"),
    (
        "apps", "Deployment", "status.conditions",
        [_condition("Progressing", "False", reason="ProgressDeadlineExceeded", message="too late")], True,
        "[ProgressDeadlineExceeded] too late",
    ),
    ("apps", "StatefulSet", "status.currentRevision", "b", False, "2 of 2"),
    ("apps", "StatefulSet", "status.readyReplicas", 1, False, "1 of 2"),
    ("apps", "DaemonSet", "status.numberReady", 2, False, "2 of 3"),
    ("apps", "DaemonSet", "status.observedGeneration", 1, False, "has not seen it"),
    ("batch", "Job", "status.conditions", [], False, "not complete (0 active"),
    ("batch", "Job", "status.conditions", [_condition("Failed", reason="R", message="m")], True, "[R] m"),
    ("", "Pod", "status.conditions", [], False, "the pod is Running"),
    ("", "Pod", "status", {"phase": "Failed", "message": "evicted"}, True, "evicted"),
    ("", "Namespace", "status.phase", "Terminating", False, "is Terminating"),
    ("", "PersistentVolume", "status.phase", "Pending", False, "is Pending"),
    ("", "ReplicationController", "status.availableReplicas", 0, False, "0 of 1"),
    ("", "ResourceQuota", "status.hard", {}, False, "not in effect"),
    ("", "Secret", "data", {}, False, "token"),
    ("", "Service", "status.loadBalancer", {}, False, "no load balancer"),
    ("networking.k8s.io", "Ingress", "status.loadBalancer", {}, False, "no load balancer"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "status.conditions", [], False, "not established"),
    (
        "apiextensions.k8s.io", "CustomResourceDefinition", "status.conditions",
        [_condition("NamesAccepted", "False", message="taken")], True, "taken",
    ),
]  # fmt: skip


def _object(group: str, kind: str) -> dict[str, Any]:
    return {"kind": kind, "metadata": dict(_META), **copy.deepcopy(READY[group, kind])}


@pytest.mark.parametrize(("group", "kind"), sorted(CHECKS))
def test_a_ready_object_is_ready_and_a_new_one_is_not(group: str, kind: str) -> None:
    check = CHECKS[group, kind]
    assert check(_object(group, kind)).ready
    if kind not in ("Secret", "Service"):
        bare = {"metadata": dict(_META), "spec": _object(group, kind).get("spec", {})}
        assert check(bare).ready is (kind == "DaemonSet" and False)


@pytest.mark.parametrize(("group", "kind", "path", "value", "failed", "message"), BROKEN)
def test_one_thing_that_is_broken_is_told(
    group: str, kind: str, path: str, value: object, failed: bool, message: str
) -> None:
    live = _object(group, kind)
    *steps, last = path.split(".")
    target = live
    for step in steps:
        target = target[step]
    target[last] = value
    found = CHECKS[group, kind](live)
    assert not found.ready
    assert found.failed is failed
    assert message in found.message


def test_a_waiting_container_says_why() -> None:
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    pod = {
        "metadata": {},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "c", "state": state}]},
    }
    assert CHECKS["", "Pod"](pod).message == "the pod is Pending, container c: ImagePullBackOff no such image"


@pytest.mark.parametrize(
    ("annotation", "ready"),
    [
        ("condition=Synced", True),
        ("condition=Synced=False", False),
        ("jsonpath={.status.phase}=Done", True),
        ("jsonpath={.status.phase}=Other", False),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.absent}", False),
        ('["condition=Synced", "jsonpath={.status.phase}=Done"]', True),
        ('["condition=Synced", "jsonpath={.status.phase}=Other"]', False),
    ],
)
def test_a_waited_for_condition_or_field_decides(annotation: str, ready: bool) -> None:
    live = {"metadata": {}, "status": {"phase": "Done", "conditions": [_condition("Synced")]}}
    assert custom(annotation)(live).ready is ready


def test_an_annotation_of_another_form_is_refused() -> None:
    with pytest.raises(RegistrationError, match="given 'soon', needs condition=TYPE"):
        custom("soon")
