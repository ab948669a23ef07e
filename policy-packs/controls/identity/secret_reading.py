"""ID-04. Source: CIS Kubernetes 5.1.2; a list or watch of secrets holds their content too."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.identity.rbac import READS, ROLES, rules
from controls.item import Item
from controls.settings import Settings


def check(role: Item, _: Settings) -> Iterator[str]:
    for rule in rules(role):
        if not rule.named and rule.covers("", "secrets") and rule.allows(READS):
            yield f"{rule.where} allows reading every Secret; name those meant in resourceNames, or mount them"


BAD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: team}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [list]}
"""

GOOD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: team}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [webhook-certificate], verbs: [get]}
"""

CONTROL = Control(
    id="ID-04",
    title="No get, list or watch on secrets, unless limited by resourceNames",
    severity=Severity.CRITICAL,
    anchors=("CIS 5.1.2", "KSV-0041", "C-0015"),
    why="Who reads the Secrets of a namespace holds the credentials of every workload in it.",
    fix="Mount the one Secret that is needed, or name it in `resourceNames`.",
    bad=BAD,
    good=GOOD,
    kinds=ROLES,
    check=check,
)
