"""WL-06. Source: Pod Security check_runAsNonRoot and check_runAsUser (restricted, v1.35 and later)."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import is_zero, seen
from controls.pods import KINDS, Pod


def check(pod: Pod) -> Iterator[str]:
    if pod.user_namespace:
        return
    pod_level = pod.security.value("runAsNonRoot")
    if pod_level is not None and pod_level is not True:
        yield f"pod: securityContext.runAsNonRoot {seen(pod_level)}; set it to true"
    for container in pod.containers:
        value = container.security.value("runAsNonRoot")
        if value is None and pod_level is None:
            yield f"{container.where}: runAsNonRoot is not set here nor on the pod; set it to true on the pod"
        elif value is not None and value is not True:
            yield f"{container.where}: securityContext.runAsNonRoot {seen(value)}; set it to true"
    for where, security in pod.securities():
        user = security.value("runAsUser")
        if security.unproved or user is None:
            continue
        if is_zero(user) or isinstance(user, bool) or not isinstance(user, int | float):
            yield f"{where}: securityContext.runAsUser {seen(user)}; remove it or use a user other than root"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {runAsUser: 0}
  containers:
  - name: app
    image: registry.example/app
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {runAsNonRoot: true}
  containers:
  - name: app
    image: registry.example/app
"""

CONTROL = Control(
    id="WL-06",
    title="runAsNonRoot true at pod level or on every container, never false; runAsUser never 0",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.2.7", "C-0013"),
    why="Root in a container is root on the node as soon as anything else gives way.",
    fix="Set runAsNonRoot to true on the pod and build the image for a numbered user.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
