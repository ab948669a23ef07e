"""WL-02. Source: Pod Security check_hostNamespaces and check_hostPorts (baseline)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity, on_pod
from controls.fields import is_zero, seen
from controls.pods import KINDS, Pod

_NAMESPACES: Final = ("hostNetwork", "hostPID", "hostIPC")


def check(pod: Pod) -> Iterator[str]:
    for key in _NAMESPACES:
        value = pod.spec.value(key)
        if value is not None and value is not False:
            yield f"pod: {key} {seen(value)}; remove it or set it to false"
    for container in pod.containers:
        for index, port in enumerate(container.fields.entries("ports")):
            value = port.value("hostPort")
            if value is not None and not is_zero(value):
                detail = "is set" if isinstance(value, int | float) else seen(value)
                yield f"{container.where}: ports[{index}].hostPort {detail}; remove it"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  hostNetwork: true
  containers:
  - name: app
    image: registry.example/app
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  hostNetwork: false
  containers:
  - name: app
    image: registry.example/app
"""

CONTROL = Control(
    id="WL-02",
    title="No hostNetwork, hostPID or hostIPC; no non-zero hostPort",
    severity=Severity.CRITICAL,
    anchors=("PSS baseline", "CIS 5.2.3-5.2.5", "CIS 5.2.13", "C-0038", "C-0041"),
    why=(
        "The host's network, process or IPC namespace lets a pod see and reach what "
        "NetworkPolicy and the mesh keep from it."
    ),
    fix="Remove hostNetwork, hostPID, hostIPC and hostPort; offer a Service instead.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
