"""WL-07. Source: Pod Security check_seccompProfile_restricted (v1.25 and later)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zero_trust.control import Control, Severity
from zero_trust.fields import Fields, seen
from zero_trust.pods import Pod

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


CONTROL = Control(
    id="WL-07",
    title="seccomp RuntimeDefault or Localhost at pod level or on every container; Unconfined nowhere",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.7.2", "Kyverno restrict-seccomp-strict"),
    check=check,
)
