"""WL-01. Source: Pod Security check_privileged (baseline)."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import seen
from controls.pods import KINDS, Pod


def check(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        value = container.security.value("privileged")
        if value is not None and value is not False:
            yield f"{container.where}: securityContext.privileged {seen(value)}; remove it or set it to false"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {privileged: true}
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {privileged: false}
"""

CONTROL = Control(
    id="WL-01",
    title="No container is privileged",
    severity=Severity.CRITICAL,
    anchors=("PSS baseline", "CIS 5.2.2", "KSV-0017"),
    why=(
        "A privileged container has every device and capability of its node: whoever owns it owns the node."
    ),
    fix=("Remove `privileged`, or set it to false; ask for the one device or capability that is needed."),
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
