"""WL-01. Source: Pod Security check_privileged (baseline)."""

from __future__ import annotations

from collections.abc import Iterator

from zero_trust.control import Control, Severity
from zero_trust.fields import seen
from zero_trust.pods import Pod


def check(pod: Pod) -> Iterator[str]:
    for container in pod.containers:
        value = container.security.value("privileged")
        if value is not None and value is not False:
            yield f"{container.where}: securityContext.privileged {seen(value)}; remove it or set it to false"


CONTROL = Control(
    id="WL-01",
    title="No container is privileged",
    severity=Severity.CRITICAL,
    anchors=("PSS baseline", "CIS 5.2.2", "KSV-0017"),
    check=check,
)
