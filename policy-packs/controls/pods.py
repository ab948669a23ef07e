"""Where each pod-bearing kind keeps its pod, read into one shape for every workload control."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from controls.fields import Fields, text

_TEMPLATE: Final = ("spec", "template")
POD_PATHS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Pod": (),
        "PodTemplate": ("template",),
        "Deployment": _TEMPLATE,
        "ReplicaSet": _TEMPLATE,
        "StatefulSet": _TEMPLATE,
        "DaemonSet": _TEMPLATE,
        "ReplicationController": _TEMPLATE,
        "Job": _TEMPLATE,
        "CronJob": ("spec", "jobTemplate", "spec", "template"),
    }
)
"""Kind to the path of its pod template (Kubernetes API 1.36, core/v1, apps/v1 and batch/v1)."""

POD_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Pod": "",
        "PodTemplate": "",
        "ReplicationController": "",
        "Deployment": "apps",
        "ReplicaSet": "apps",
        "StatefulSet": "apps",
        "DaemonSet": "apps",
        "Job": "batch",
        "CronJob": "batch",
    }
)
"""Kind to its API group; a kind of the same name elsewhere (a Volcano Job) has another shape."""

KINDS: Final = tuple(f"{kind}.{group}" if group else kind for kind, group in POD_GROUPS.items())
"""Their types, as in `item.Item.type`."""

_CONTAINER_LISTS: Final = (
    ("containers", "container"),
    ("initContainers", "initContainer"),
    ("ephemeralContainers", "ephemeralContainer"),
)
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One container of any of the three lists; `where` names it in messages."""

    where: str
    group: str
    fields: Fields
    security: Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Pod:
    """What a pod template says. Every part may be empty or unproved; no read of it raises."""

    spec: Fields
    security: Fields
    labels: Fields
    annotations: Fields
    containers: tuple[Container, ...]

    @property
    def windows(self) -> bool:
        """Linux-only fields are refused by the API server on such a pod (Pod Security since v1.25)."""
        return self.spec.section("os").value("name") == "windows"

    @property
    def user_namespace(self) -> bool:
        """Root inside is nobody on the node, so the user may be root (Pod Security since v1.35)."""
        return self.spec.value("hostUsers") is False

    def securities(self) -> Iterator[tuple[str, Fields]]:
        """The pod's securityContext and each container's, with the name of its owner."""
        yield "pod", self.security
        for container in self.containers:
            yield container.where, container.security


def pod_of(kind: str, manifest: Fields) -> Pod:
    """Read the pod of a manifest whose kind is in POD_PATHS."""
    template = manifest
    for key in POD_PATHS[kind]:
        template = template.section(key)
    spec, metadata = template.section("spec"), template.section("metadata")
    return Pod(
        spec=spec,
        security=spec.section("securityContext"),
        labels=metadata.section("labels"),
        annotations=metadata.section("annotations"),
        containers=tuple(_containers(spec)),
    )


def _containers(spec: Fields) -> Iterator[Container]:
    if spec.unproved:
        yield _container("spec", "containers", spec)
        return
    for group, noun in _CONTAINER_LISTS:
        for index, entry in enumerate(spec.entries(group)):
            yield _container(named(noun, entry, f"{group}[{index}]"), group, entry)


def _container(where: str, group: str, entry: Fields) -> Container:
    return Container(where=where, group=group, fields=entry, security=entry.section("securityContext"))


def named(noun: str, entry: Fields, position: str) -> str:
    """`container "app"`, or the position when the name is none that Kubernetes would take."""
    name = text(entry.value("name"))
    return f'{noun} "{name}"' if _DNS_LABEL.fullmatch(name) else position
