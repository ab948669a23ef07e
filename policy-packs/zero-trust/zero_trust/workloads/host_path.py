"""WL-03. Source: Pod Security check_hostPathVolumes (baseline)."""

from __future__ import annotations

from collections.abc import Iterator

from zero_trust.control import Control, Severity
from zero_trust.fields import Unproved, seen
from zero_trust.pods import Pod, named


def check(pod: Pod) -> Iterator[str]:
    for index, volume in enumerate(pod.spec.entries("volumes")):
        value = volume.value("hostPath")
        if value is not None:
            where = named("volume", volume, f"volumes[{index}]")
            detail = seen(value) if isinstance(value, Unproved) else "is set"
            yield f"{where}: hostPath {detail}; use an emptyDir, a claim or a CSI volume"


CONTROL = Control(
    id="WL-03",
    title="No hostPath volume (container-runtime sockets included)",
    severity=Severity.CRITICAL,
    anchors=("PSS baseline", "CIS 5.2.12", "C-0048", "C-0074"),
    check=check,
)
