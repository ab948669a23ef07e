"""WL-04. Source: Pod Security check_allowPrivilegeEscalation (restricted)."""

from __future__ import annotations

from collections.abc import Iterator

from zero_trust.control import Control, Severity
from zero_trust.fields import seen
from zero_trust.pods import Pod


def check(pod: Pod) -> Iterator[str]:
    if pod.windows:
        return
    for container in pod.containers:
        value = container.security.value("allowPrivilegeEscalation")
        if value is not False:
            where = f"{container.where}: securityContext.allowPrivilegeEscalation"
            yield f"{where} {seen(value)}; set it to false"


CONTROL = Control(
    id="WL-04",
    title="allowPrivilegeEscalation is false, written out, on every container",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.2.6", "KSV-0001"),
    check=check,
)
