"""SE-02. Source: CIS Kubernetes 5.4.1: secrets as files rather than as environment variables."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.pods import KINDS, Pod


def check(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        for index, entry in enumerate(container.fields.entries("env")):
            if entry.section("valueFrom").value("secretKeyRef") is not None:
                yield f"{container.where}: env[{index}] comes from a Secret; mount it as a file"
        for index, entry in enumerate(container.fields.entries("envFrom")):
            if entry.value("secretRef") is not None:
                yield f"{container.where}: envFrom[{index}] takes a Secret; mount it as files"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    envFrom: [{secretRef: {name: database}}]
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    envFrom: [{configMapRef: {name: app}}]
    volumeMounts: [{name: database, mountPath: /var/run/secrets/database, readOnly: true}]
  volumes: [{name: database, secret: {secretName: database}}]
"""

CONTROL = Control(
    id="SE-02",
    title="No secret through env (secretKeyRef or envFrom secretRef); mount or inject instead",
    severity=Severity.MEDIUM,
    anchors=("CIS 5.4.1", "CKV_K8S_35"),
    why="An environment is inherited by every child, printed in crash reports, and stays when the secret is rotated.",
    fix="Mount the Secret as files and read them when they change.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
