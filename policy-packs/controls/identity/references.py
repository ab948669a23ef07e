"""ID-08. Source: kubescape C-0307. What the cluster makes itself, in `kube-*` namespaces, is taken to be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import quoted, seen, text
from controls.identity.default_account import account
from controls.identity.rbac import BINDINGS, ROLES, subjects
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack, Where, where

_BUILT_IN: Final = frozenset({"cluster-admin", "admin", "edit", "view"})
_LOCAL, _WIDE = ROLES


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    for place, bearers in stack.bearers.items():
        for bearer in bearers:
            if bearer.pod is not None:
                for message in _account(stack, account(bearer.pod.spec), place):
                    yield bearer, f"service-account: serviceAccountName {message}"
    wide = frozenset((one.cluster, one.name) for one in stack.of(_WIDE))
    for binding in stack.of(*BINDINGS):
        cluster, home = where(binding)
        for key, subject in subjects(binding):
            place = (cluster, text(subject.value("namespace")) or home)
            if subject.value("kind") == "ServiceAccount" and place not in stack.hidden:
                for message in _account(stack, subject.value("name"), place):
                    yield binding, f"service-account: {key} {message}"
        for message in _role(binding, stack, wide):
            yield binding, f"role: roleRef {message}"


def _account(stack: Stack, name: object, place: Where) -> Iterator[str]:
    if name in (None, "", "default") or place[1].startswith("kube-"):
        return
    if not isinstance(name, str):
        yield f"{seen(name)}; write it out"
    elif place not in stack.hidden and stack.find("ServiceAccount", name, place) is None:
        yield f"names {quoted(name)}, which is no ServiceAccount of namespace {quoted(place[1])}; declare it"


def _role(binding: Item, stack: Stack, wide: frozenset[tuple[str, str]]) -> Iterator[str]:
    """`wide` are cluster and name of each ClusterRole: it has no namespace, whatever its metadata says."""
    reference, place = binding.fields.section("roleRef"), where(binding)
    kind, name = reference.value("kind"), reference.value("name")
    if not isinstance(name, str):
        yield f"name {seen(name)}; write it out"
    elif kind == "Role":
        unseen = place[1].startswith("kube-") or place in stack.hidden
        if binding.kind == "ClusterRoleBinding" or not (unseen or stack.find(_LOCAL, name, place)):
            yield f"names {quoted(name)}, which is no Role of its namespace; declare it"
    elif not (name in _BUILT_IN or name.startswith("system:") or (binding.cluster, name) in wide):
        yield f"names {quoted(name)}, which is no ClusterRole of the stack; declare it"


BAD = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: team}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: app, namespace: team}]
"""

GOOD = f"""\
{BAD}---
apiVersion: v1
kind: ServiceAccount
metadata: {{name: app, namespace: team}}
"""

CONTROL = Control(
    id="ID-08",
    title=(
        "References exist: the ServiceAccount of every workload, every roleRef, every ServiceAccount subject"
    ),
    severity=Severity.HIGH,
    anchors=("C-0307",),
    why="Whoever may create the missing object gets the rights that wait for its name.",
    fix="Declare the ServiceAccount or role in the same stack, or correct the name.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
