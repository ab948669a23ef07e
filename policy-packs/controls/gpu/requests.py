"""What containers ask for of GPUs. Source: NVIDIA device plugin, names of extended resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.fields import Fields, fields
from controls.item import Item
from controls.serving.services import components

DOMAIN: Final = "nvidia.com/"
_GPU: Final = re.compile(r"nvidia\.com/(?:gpu|mig-).*|amd\.com/gpu.*|gpu\.intel\.com/.+", re.ASCII)
_SLICE: Final = re.compile(r"nvidia\.com/mig-\d+g\.\d+gb(?:\.me(?:\.all)?|\.gfx)?", re.ASCII)


def is_gpu(resource: str) -> bool:
    return _GPU.fullmatch(resource) is not None


def is_slice(resource: str) -> bool:
    """Whether it is one MIG instance, shared with nobody."""
    return _SLICE.fullmatch(resource) is not None


def resources(item: Item) -> Iterator[tuple[str, Fields]]:
    """The `resources` of every container of a pod-bearing kind or an InferenceService."""
    if item.pod is not None:
        for container in item.pod.containers:
            yield container.where, container.fields.section("resources")
        return
    for name, component in components(item):
        for key, value in component.present():
            if isinstance(value, dict) and "resources" in value:
                yield f"{name}.{key}", fields(value).section("resources")
        for index, entry in enumerate(component.entries("containers")):
            yield f"{name}.containers[{index}]", entry.section("resources")


def asked(section: Fields) -> dict[str, tuple[object, object]]:
    """GPU resource to its limit and its request."""
    limits, requests = section.section("limits"), section.section("requests")
    names = [name for part in (limits, requests) for name, _ in part.present() if is_gpu(name)]
    return {name: (limits.value(name), requests.value(name)) for name in names}
