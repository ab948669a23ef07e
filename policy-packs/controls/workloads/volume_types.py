"""WL-08. Source: Pod Security check_restrictedVolumes; a volume without a source is an emptyDir."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity, on_pod
from controls.pods import KINDS, Pod, named

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

BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  volumes: [{name: data, nfs: {server: files, path: /}}]
  containers:
  - name: app
    image: registry.example/app
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
  containers:
  - name: app
    image: registry.example/app
"""

CONTROL = Control(
    id="WL-08",
    title="Volumes only of the restricted types (the image type included)",
    severity=Severity.MEDIUM,
    anchors=("PSS restricted",),
    why=(
        "Volume types outside the list mount storage past the claims and drivers that the cluster controls."
    ),
    fix="Use one of the types of the list; storage comes through a PersistentVolumeClaim.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
