"""ID-05. Sources: CIS Kubernetes 5.1.10; RBAC good practices (`get` opens a connection where it is a WebSocket)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.identity.rbac import ROLES, WRITES, rules
from controls.item import Item
from controls.settings import Settings

_CONNECTING: Final = WRITES | {"get"}
_WAYS_IN: Final = (
    *("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/ephemeralcontainers"),
    *("nodes/proxy", "services/proxy"),
)


def check(role: Item, _: Settings) -> Iterator[str]:
    for rule in rules(role):
        if rule.allows(_CONNECTING):
            for resource in _WAYS_IN:
                if rule.covers("", resource):
                    yield f"{rule.where} allows {resource}; leave it out"


BAD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debugger, namespace: team}
rules:
- {apiGroups: [""], resources: [pods/exec], verbs: [create]}
"""

GOOD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: debugger, namespace: team}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
"""

CONTROL = Control(
    id="ID-05",
    title="No pods/exec, attach, portforward, proxy or ephemeralcontainers; no nodes/proxy or services/proxy",
    severity=Severity.HIGH,
    anchors=("C-0002", "C-0063", "CIS 5.1.10", "KSV-0053"),
    why="These run commands in pods, or reach them and the kubelet past network policy, mesh and audit.",
    fix="Leave the subresource out; give access through the workload's own, authenticated interface.",
    bad=BAD,
    good=GOOD,
    kinds=ROLES,
    check=check,
)
