"""WL-05. Source: Pod Security check_capabilities_restricted; names are compared exactly, as there."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity, on_pod
from controls.fields import seen
from controls.pods import KINDS, Pod


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


BAD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {capabilities: {drop: [NET_RAW]}}
"""

GOOD = """\
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: team}
spec:
  containers:
  - name: app
    image: registry.example/app
    securityContext: {capabilities: {drop: [ALL]}}
"""

CONTROL = Control(
    id="WL-05",
    title="Capabilities drop ALL; add nothing but NET_BIND_SERVICE",
    severity=Severity.HIGH,
    anchors=("PSS restricted", "CIS 5.2.8-5.2.10", "Kyverno disallow-capabilities-strict"),
    why="The runtime's default capabilities already allow raw sockets and changes of ownership.",
    fix="Drop ALL and add nothing but NET_BIND_SERVICE.",
    bad=BAD,
    good=GOOD,
    kinds=KINDS,
    check=on_pod(check),
)
