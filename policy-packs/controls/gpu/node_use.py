"""GC-02. Sources: NVIDIA container runtime (`NVIDIA_VISIBLE_DEVICES`); Karpenter NodePool limits; EKS scaling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import quoted, seen, text, whole
from controls.gpu.pools import NODE_GROUP, NODE_POOL, is_gpu_pool
from controls.gpu.requests import DOMAIN, asked, resources
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings

_VISIBLE: Final = "NVIDIA_VISIBLE_DEVICES"
_NO_DEVICE: Final = ("void", "none")
"""Values that take a GPU away and never give one."""


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.pod is not None:
        yield from _devices(item)
        yield from _tolerations(item)
    elif item.type == NODE_POOL and is_gpu_pool(item):
        limits = dict(item.spec.section("limits").present())
        if not limits:
            yield "limits are not set, so that the pool grows without end; set nodes or nvidia.com/gpu"
        if item.spec.value("replicas") not in (None, 0):
            yield "replicas are set, so that the pool never goes to zero; remove them"
    elif item.type == NODE_GROUP and is_gpu_pool(item):
        scaling = item.fields.section("scalingConfig")
        if whole(scaling.value("minSize")) != 0:
            yield f"scalingConfig.minSize {seen(scaling.value('minSize'))}; use 0, so that idle GPUs cost nothing"
        if not whole(scaling.value("maxSize")):
            yield f"scalingConfig.maxSize {seen(scaling.value('maxSize'))}; set a maximum"


def _devices(item: Item) -> Iterator[str]:
    for container in item.pod.containers if item.pod else ():
        for entry in container.fields.entries("env"):
            if entry.value("name") == _VISIBLE and entry.value("value") not in _NO_DEVICE:
                yield f"{container.where}: env {_VISIBLE} goes round the device plugin; remove it and ask for a slice"


def _tolerations(item: Item) -> Iterator[str]:
    """A DaemonSet serves nodes rather than itself, so it may run on those with GPUs."""
    if item.pod is None or item.kind == "DaemonSet" or any(asked(section) for _, section in resources(item)):
        return
    for index, one in enumerate(item.pod.spec.entries("tolerations")):
        key = one.value("key")
        everything = key in (None, "") and one.value("operator") == "Exists"
        if one.unproved or everything or text(key).startswith(DOMAIN):
            what = one.unproved.value if one.unproved else f"takes in {quoted(key) if key else 'every taint'}"
            yield f"pod: tolerations[{index}] {what}, and no container asks for a GPU; remove it"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
  containers: [{name: app, image: registry.example/app}]
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
  containers:
  - name: app
    image: registry.example/app
    resources: {limits: {nvidia.com/mig-1g.10gb: 1}}
"""

CONTROL = Control(
    id="GC-02",
    title=(
        "No NVIDIA_VISIBLE_DEVICES set by hand; GPU taint tolerated only by pods that ask for a GPU; GPU pools have a "
        "maximum and may scale to zero"
    ),
    severity=Severity.HIGH,
    anchors=("NVIDIA container runtime docs",),
    why="Each is a way to a GPU that nobody counted: unseen by quotas, kept busy by nothing, or paid for while idle.",
    fix="Ask for a slice, tolerate the GPU taint only then, and bound every GPU pool between none and a maximum.",
    bad=BAD,
    good=GOOD,
    kinds=(*KINDS, NODE_POOL, NODE_GROUP),
    check=check,
)
