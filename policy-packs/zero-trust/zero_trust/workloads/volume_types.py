"""WL-08. Source: Pod Security check_restrictedVolumes; a volume without a source is an emptyDir."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zero_trust.control import Control, Severity
from zero_trust.pods import Pod, named

_ALLOWED: Final = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)


def check(pod: Pod) -> Iterator[str]:
    for index, volume in enumerate(pod.spec.entries("volumes")):
        where = named("volume", volume, f"volumes[{index}]")
        if volume.unproved:
            yield f"{where} {volume.unproved.value}; {_REMEDY}"
        elif any(key != "name" and key not in _ALLOWED for key, _ in volume.present()):
            yield f"{where} is of a type that is not allowed; {_REMEDY}"


_REMEDY: Final = f"use one of {', '.join(sorted(_ALLOWED))}"

CONTROL = Control(
    id="WL-08",
    title="Volumes only of the restricted types (the image type included)",
    severity=Severity.MEDIUM,
    anchors=("PSS restricted",),
    check=check,
)
