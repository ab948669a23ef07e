"""Pods that ask for slices, and simulated GPU nodes beside those of the stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import tenacity
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from components.isolation.namespace import restricted_namespace
from components.isolation.tenant_namespace import PURPOSE_LABEL
from components.mesh.names import meshed
from config import gpu
from config.gpu_pool import GpuPool
from lab.kwok import NODE_ANNOTATION

HOST = "kubernetes.io/hostname"
PATIENCE = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type(AssertionError),
    wait=tenacity.wait_fixed(0.25),
    stop=tenacity.stop_after_delay(120),
    reraise=True,
)


def pod(name: str, resource: str, purpose: str, *, count: int = 1, **spec: Any) -> dict[str, Any]:
    """A simulated pod that tolerates GPU nodes of one purpose."""
    tolerations = [
        {"key": gpu.GPU, "operator": "Exists", "effect": "NoSchedule"},
        {"key": gpu.PURPOSE_LABEL, "operator": "Equal", "value": purpose, "effect": "NoSchedule"},
    ]
    container = {
        "name": "it",
        "image": "ghcr.io/mlops-platform/app@sha256:" + "0" * 64,
        "resources": {
            "requests": {"cpu": "100m", "memory": "64Mi"},
            "limits": {"cpu": "1", "memory": "64Mi", resource: str(count)},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "metadata": {"name": name},
        "spec": {"containers": [container], "tolerations": tolerations, **spec},
    }


@contextmanager
def namespace(core: client.CoreV1Api, name: str, purpose: str) -> Iterator[str]:
    """A namespace of a tenant of that purpose, without quota; gone at the end with all that is in it."""
    with plain_namespace(core, name, {PURPOSE_LABEL: purpose, **meshed()}):
        yield name


@contextmanager
def plain_namespace(core: client.CoreV1Api, name: str, labels: Mapping[str, str]) -> Iterator[None]:
    """A namespace with these labels besides those of all; gone at the end with all that is in it."""
    core.create_namespace(restricted_namespace(name, labels))
    try:
        yield
    finally:
        core.delete_namespace(name)
        PATIENCE.copy()(gone, core, name)


def gone(core: client.CoreV1Api, name: str) -> None:
    """Raises AssertionError while the namespace is there."""
    try:
        core.read_namespace(name)
    except ApiException as error:
        if error.status == 404:
            return
        raise
    raise AssertionError(f"namespace {name} is still there")


@contextmanager
def nodes(core: client.CoreV1Api, pool: GpuPool, *, state: str = "success") -> Iterator[list[str]]:
    """The pool's nodes as they come up: with its startup taint unless MIG manager is done with them."""
    names = [f"{pool.name}-{number:02d}" for number in range(pool.nodes)]
    key, value = NODE_ANNOTATION
    taints = gpu.node_taints(pool) + ([] if state == "success" else [dict(gpu.STARTUP_TAINT)])
    capacity = gpu.capacity(pool)
    for name in names:
        labels = {**gpu.node_labels(pool), HOST: name, gpu.MIG_STATE_LABEL: state}
        core.create_node(
            {
                "metadata": {"name": name, "labels": labels, "annotations": {key: value}},
                "spec": {"taints": taints},
                "status": {"capacity": capacity, "allocatable": capacity},
            }
        )
    try:
        yield names
    finally:
        for name in names:
            core.delete_node(name)


def placed(core: client.CoreV1Api, space: str, name: str) -> str:
    """The node that the scheduler chose, once it has."""

    def look() -> str:
        node = core.read_namespaced_pod(name, space).spec.node_name
        assert node, f"{name} is on no node"
        return str(node)

    return str(PATIENCE.copy()(look))


def unplaced(core: client.CoreV1Api, space: str, name: str) -> str:
    """What the scheduler says of a pod that it has looked at and put nowhere."""

    def look() -> str:
        found = core.read_namespaced_pod(name, space)
        assert not found.spec.node_name, f"{name} is on {found.spec.node_name}"
        told = [one for one in found.status.conditions or () if one.type == "PodScheduled"]
        assert told, f"the scheduler has not looked at {name}"
        return str(told[0].message)

    return str(PATIENCE.copy()(look))


def held(pods: Sequence[Any]) -> dict[str, Counter[str]]:
    """GPU resources that pods hold, by node."""
    found: dict[str, Counter[str]] = {}
    for one in pods:
        if one.spec.node_name:
            for container in one.spec.containers:
                limits = {k: int(v) for k, v in container.resources.limits.items() if "nvidia.com/" in k}
                found.setdefault(one.spec.node_name, Counter()).update(limits)
    return found
