"""WL-11. Source: Kyverno require-pod-requests-limits; ephemeral containers cannot carry resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zero_trust.control import Control, Severity
from zero_trust.fields import Fields, Unproved
from zero_trust.pods import Pod

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


CONTROL = Control(
    id="WL-11",
    title="Every container and initContainer has cpu and memory requests and a memory limit",
    severity=Severity.MEDIUM,
    anchors=("Kyverno require-pod-requests-limits", "C-0271", "KSV-0018"),
    check=check,
)
