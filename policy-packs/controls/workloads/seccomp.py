"""WL-07. Source: Pod Security check_seccompProfile_restricted (v1.25 and later)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity, on_pod
from controls.fields import Fields, seen
from controls.pods import KINDS, Pod

_ALLOWED: Final = ("RuntimeDefault", "Localhost")
_REMEDY: Final = "use RuntimeDefault or Localhost"


def check(pod: Pod) -> Iterator[str]:
    if pod.windows:
        return
    for where, security in pod.securities():
        fault = _fault(security)
        if fault:
            yield f"{where}: securityContext.seccompProfile.type {fault}; {_REMEDY}"
    if pod.security.value("seccompProfile") is None:
        for container in pod.containers:
            if container.security.value("seccompProfile") is None:
                yield f"{container.where}: seccompProfile is not set here nor on the pod; {_REMEDY}"


def _fault(security: Fields) -> str | None:
    if security.value("seccompProfile") is None:
        return None
    profile = security.section("seccompProfile").value("type")
    return None if profile in _ALLOWED else seen(profile)


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {seccompProfile: {type: Unconfined}}
  containers:
  - name: app
    image: registry.example/app
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  securityContext: {seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: app
    image: registry.example/app
"""

CONTROL = Control(
    id="WL-07",
    title="seccomp RuntimeDefault or Localhost at pod level or on every container; Unconfined nowhere",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.7.2", "Kyverno restrict-seccomp-strict"),
    why="Without a seccomp profile every system call of the kernel is in reach.",
    fix="Set seccompProfile.type to RuntimeDefault on the pod.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
