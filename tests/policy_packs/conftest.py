"""A compliant pod to break, and the judgement of a broken one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from controls.judge import defects
from controls.objects import items
from controls.pods import KINDS
from controls.workloads.catalogue import CONTROLS

Manifest = dict[str, Any]
Judged = list[tuple[str, str]]

POD_CONTROLS = tuple(control.id for control in CONTROLS if control.kinds == KINDS)


def _security() -> Manifest:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _container(name: str) -> Manifest:
    return {
        "name": name,
        "image": "registry.example/app@sha256:0",
        "securityContext": _security(),
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}},
        "livenessProbe": {"httpGet": {"path": "/", "port": 8080}},
        "lifecycle": {"preStop": {"httpGet": {"path": "/", "port": 8080}}},
    }


_POD: Manifest = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "app", "namespace": "team", "annotations": {"note": "x"}},
    "spec": {
        "serviceAccountName": "app",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container("app")],
        "initContainers": [_container("setup")],
        "ephemeralContainers": [{"name": "debug", "image": "x", "securityContext": _security()}],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    },
}


@pytest.fixture
def compliant() -> Manifest:
    """A fresh pod that meets every workload control, with a container of each list."""
    return copy.deepcopy(_POD)


@pytest.fixture
def judged() -> Callable[[object], Judged]:
    """Every defect of all objects in a document under the controls of the workload family on pods."""
    return lambda document: [
        (control, message) for control, _, message in defects(items(document)) if control in POD_CONTROLS
    ]


@pytest.fixture
def changed(compliant: Manifest) -> Callable[..., Manifest]:
    """The compliant pod with the value at a dotted path set (`spec.containers.0.name`)."""

    def change(path: str, value: object, manifest: Manifest = compliant) -> Manifest:
        *parents, last = path.split(".")
        here: Any = manifest
        for key in parents:
            here = here[int(key)] if isinstance(here, list) else here.setdefault(key, {})
        here[int(last) if isinstance(here, list) else last] = value
        return manifest

    return change
