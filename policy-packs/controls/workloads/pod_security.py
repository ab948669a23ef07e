"""WL-13. Source: Kubernetes, Pod Security Admission: labels on a namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import seen
from controls.item import Item
from controls.settings import Settings

_LABEL: Final = "pod-security.kubernetes.io/enforce"
_VERSION: Final = re.compile(r"v1\.\d+", re.ASCII)


def check(item: Item, _: Settings) -> Iterator[str]:
    level, version = item.labels.value(_LABEL), item.labels.value(f"{_LABEL}-version")
    if level != "restricted":
        yield f"label {_LABEL} {seen(level)}; set it to restricted"
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        yield f"label {_LABEL}-version {seen(version)}; pin it to a release such as v1.36"


BAD = """\
apiVersion: v1
kind: Namespace
metadata:
  name: team
  labels: {pod-security.kubernetes.io/enforce: baseline}
"""

GOOD = """\
apiVersion: v1
kind: Namespace
metadata:
  name: team
  labels:
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/enforce-version: v1.36
"""

CONTROL = Control(
    id="WL-13",
    title="Every Namespace enforces Pod Security restricted, with a pinned version",
    severity=Severity.CRITICAL,
    anchors=("CIS 5.2.1", "kubescape pod-security-admission-*"),
    why="The label is the wall inside the cluster; without it a kubectl user passes where this pack refuses.",
    fix=(
        "Label the namespace with enforce: restricted and enforce-version: v1.N; a lower level needs a recorded "
        "exemption."
    ),
    bad=BAD,
    good=GOOD,
    kinds=("Namespace",),
    check=check,
)
