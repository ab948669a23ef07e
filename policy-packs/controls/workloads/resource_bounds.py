"""WL-11. Source: Kyverno require-pod-requests-limits; ephemeral containers cannot carry resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity, on_pod
from controls.fields import Fields, Unproved
from controls.pods import KINDS, Pod

_REQUIRED: Final = (("requests", "cpu"), ("requests", "memory"), ("limits", "memory"))


def check(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        if container.group == "ephemeralContainers":
            continue
        resources = container.fields.section("resources")
        missing = [f"{part}.{key}" for part, key in _REQUIRED if not _given(resources, part, key)]
        if missing:
            yield f"{container.where}: resources lack {', '.join(missing)}; set them"


def _given(resources: Fields, part: str, key: str) -> bool:
    """A quantity is a string or a number; one not known yet is still given."""
    section = resources.section(part)
    quantity = section.value(key)
    if isinstance(quantity, Unproved):
        return section.unproved is None and quantity is Unproved.UNKNOWN
    return isinstance(quantity, str | int | float) and not isinstance(quantity, bool) and quantity != ""


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    resources: {}
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 64Mi}}
"""

CONTROL = Control(
    id="WL-11",
    title="Every container and initContainer has cpu and memory requests and a memory limit",
    severity=Severity.MEDIUM,
    anchors=("Kyverno require-pod-requests-limits", "C-0271", "KSV-0018"),
    why=(
        "A container without requests and a memory limit can starve its neighbours, and the "
        "scheduler cannot place it."
    ),
    fix="Set requests.cpu, requests.memory and limits.memory.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
