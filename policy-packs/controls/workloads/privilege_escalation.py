"""WL-04. Source: Pod Security check_allowPrivilegeEscalation (restricted)."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import seen
from controls.pods import KINDS, Pod


def check(pod: Pod) -> Iterator[str]:
    if pod.windows:
        return
    for container in pod.containers:
        value = container.security.value("allowPrivilegeEscalation")
        if value is not False:
            where = f"{container.where}: securityContext.allowPrivilegeEscalation"
            yield f"{where} {seen(value)}; set it to false"


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {}
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {allowPrivilegeEscalation: false}
"""

CONTROL = Control(
    id="WL-04",
    title="allowPrivilegeEscalation is false, written out, on every container",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.2.6", "KSV-0001"),
    why=("A setuid binary can give a process more rights than its parent; left out, the field means true."),
    fix="Write `allowPrivilegeEscalation: false` on every container.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
