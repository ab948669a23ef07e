"""WL-09. Source: kubescape C-0017; Windows refuses the field, so such pods cannot meet it."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import seen
from controls.pods import KINDS, Pod


def check(pod: Pod) -> Iterator[str]:
    if pod.windows:
        return
    for container in pod.containers:
        value = container.security.value("readOnlyRootFilesystem")
        if value is not True:
            yield (
                f"{container.where}: securityContext.readOnlyRootFilesystem {seen(value)}; "
                "set it to true and mount an emptyDir where it writes"
            )


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {readOnlyRootFilesystem: false}
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {readOnlyRootFilesystem: true}
"""

CONTROL = Control(
    id="WL-09",
    title="readOnlyRootFilesystem true on every container",
    severity=Severity.MEDIUM,
    anchors=("C-0017", "Pulumi compliance enableReadOnlyRootFilesystem"),
    why="A writable root lets an intruder change what the container runs.",
    fix="Set readOnlyRootFilesystem to true and mount an emptyDir where the program writes.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
