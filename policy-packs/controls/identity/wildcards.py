"""ID-01. Source: CIS Kubernetes 5.1.3; RBAC reads `*` in verbs, resources, apiGroups and as a subresource."""

from __future__ import annotations

from collections.abc import Iterator

from controls.control import Control, Severity
from controls.identity.rbac import ROLES, doubtful, rules
from controls.item import Item
from controls.settings import Settings


def check(role: Item, _: Settings) -> Iterator[str]:
    for rule in rules(role):
        lists = {"verbs": rule.verbs, "resources": rule.resources, "apiGroups": rule.groups}
        for key, values in lists.items():
            if doubtful(values, lambda one: "*" in one):
                yield f"{rule.where}.{key} holds a wildcard, or what cannot be judged; name what is needed"


BAD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: operator, namespace: team}
rules:
- {apiGroups: [apps], resources: ["deployments/*"], verbs: [get]}
"""

GOOD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: operator, namespace: team}
rules:
- {apiGroups: [apps], resources: [deployments, deployments/scale], verbs: [get]}
"""

CONTROL = Control(
    id="ID-01",
    title="No `*` in verbs, resources, apiGroups or subresources of a Role or ClusterRole",
    severity=Severity.CRITICAL,
    anchors=("CIS 5.1.3", "CKV_K8S_49", "KSV-0044"),
    why="A wildcard also grants what is added later: a new resource or verb is given away without a decision.",
    fix="List the resources and verbs that the holder uses.",
    bad=BAD,
    good=GOOD,
    kinds=ROLES,
    check=check,
)
