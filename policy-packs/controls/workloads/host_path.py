"""WL-03. Source: Pod Security check_hostPathVolumes (baseline)."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import Unproved, seen
from controls.pods import KINDS, Pod, named


def check(pod: Pod) -> Iterator[str]:
    for index, volume in enumerate(pod.spec.entries("volumes")):
        value = volume.value("hostPath")
        if value is not None:
            where = named("volume", volume, f"volumes[{index}]")
            detail = seen(value) if isinstance(value, Unproved) else "is set"
            yield f"{where}: hostPath {detail}; use an emptyDir, a claim or a CSI volume"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  volumes: [{name: run, hostPath: {path: /var/run}}]
  containers:
  - name: app
    image: registry.example/app
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  volumes: [{name: run, emptyDir: {}}]
  containers:
  - name: app
    image: registry.example/app
"""

CONTROL = Control(
    id="WL-03",
    title="No hostPath volume (container-runtime sockets included)",
    severity=Severity.CRITICAL,
    anchors=("PSS baseline", "CIS 5.2.12", "C-0048", "C-0074"),
    why=("A hostPath volume reads and writes the node's own files, the container runtime's socket included."),
    fix="Use an emptyDir, a PersistentVolumeClaim or a CSI volume.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
