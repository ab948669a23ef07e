"""ID-02. Source: CIS Kubernetes 5.1.1 and 5.1.7; Gatekeeper disallowanonymous."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Unproved, seen, text
from controls.identity.rbac import BINDINGS, subjects
from controls.item import Item
from controls.settings import Settings

EVERYBODY: Final = frozenset(
    {"system:masters", "system:anonymous", "system:unauthenticated", "system:authenticated"}
)


def check(binding: Item, _: Settings) -> Iterator[str]:
    role = binding.fields.section("roleRef").value("name")
    if isinstance(role, Unproved):
        yield f"roleRef.name {seen(role)}; write it out"
    elif role == "cluster-admin":
        yield "roleRef names cluster-admin; bind a role with the rights that are needed"
    for where, subject in subjects(binding):
        name = subject.value("name")
        if isinstance(name, Unproved):
            yield f"{where}.name {seen(name)}; write it out"
        elif text(name) in EVERYBODY:
            yield f"{where} is {name}; name a group, user or ServiceAccount of your own"


BAD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
"""

GOOD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "mlops:viewer"}
"""

CONTROL = Control(
    id="ID-02",
    title=(
        "No binding to cluster-admin; no subject system:masters, system:anonymous, system:unauthenticated or "
        "system:authenticated"
    ),
    severity=Severity.CRITICAL,
    anchors=("CIS 5.1.1", "CIS 5.1.7", "Gatekeeper disallowanonymous"),
    why="cluster-admin is every right in the cluster, and these groups are everybody who reaches the API server.",
    fix="Bind a role of your own with the rights that are needed, to a group of the realm or a ServiceAccount.",
    bad=BAD,
    good=GOOD,
    kinds=BINDINGS,
    check=check,
)
