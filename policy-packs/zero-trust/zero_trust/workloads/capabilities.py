"""WL-05. Source: Pod Security check_capabilities_restricted; names are compared exactly, as there."""

from __future__ import annotations

from collections.abc import Iterator

from zero_trust.control import Control, Severity
from zero_trust.fields import seen
from zero_trust.pods import Pod


def check(pod: Pod) -> Iterator[str]:
    if pod.windows:
        return
    for container in pod.containers:
        capabilities = container.security.section("capabilities")
        where = f"{container.where}: securityContext.capabilities"
        if capabilities.unproved:
            yield f"{where} {capabilities.unproved.value}; write it out with drop: [ALL]"
            continue
        if "ALL" not in capabilities.values("drop"):
            yield f"{where}.drop does not list ALL; add it"
        for index, name in enumerate(capabilities.values("add")):
            if name != "NET_BIND_SERVICE":
                yield f"{where}.add[{index}] {seen(name)}; remove it, only NET_BIND_SERVICE may be added"


CONTROL = Control(
    id="WL-05",
    title="Capabilities drop ALL; add nothing but NET_BIND_SERVICE",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.2.8-5.2.10", "Kyverno disallow-capabilities-strict"),
    check=check,
)
