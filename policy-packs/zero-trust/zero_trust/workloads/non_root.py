"""WL-06. Source: Pod Security check_runAsNonRoot and check_runAsUser (restricted, v1.35 and later)."""

from __future__ import annotations

from collections.abc import Iterator

from zero_trust.control import Control, Severity
from zero_trust.fields import is_zero, seen
from zero_trust.pods import Pod


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


CONTROL = Control(
    id="WL-06",
    title="runAsNonRoot true at pod level or on every container, never false; runAsUser never 0",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.2.7", "C-0013"),
    check=check,
)
