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
from controls.stack import Stack

_BUILT_IN: Final = frozenset({"cluster-admin", "admin", "edit", "view"})
_Found = frozenset[tuple[str, str, str]]
"""Cluster, namespace and name of what exists."""


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    accounts = frozenset((one.cluster, home(one), one.name) for one in stack.of("ServiceAccount"))
    for bearers in stack.bearers.values():
        for bearer in bearers:
            if bearer.pod is not None:
                for message in _account(bearer, account(bearer.pod.spec), home(bearer), accounts):
                    yield bearer, f"service-account: serviceAccountName {message}"
    local, wide = ROLES
    roles = frozenset((one.cluster, home(one), one.name) for one in stack.of(local))
    cluster_roles = frozenset((one.cluster, "", one.name) for one in stack.of(wide))
    for binding in stack.of(*BINDINGS):
        for where, subject in subjects(binding):
            if subject.value("kind") == "ServiceAccount":
                namespace = text(subject.value("namespace")) or home(binding)
                if (binding.cluster, namespace) in stack.hidden:
                    continue
                for message in _account(binding, subject.value("name"), namespace, accounts):
                    yield binding, f"service-account: {where} {message}"
        for message in _role(binding, roles, cluster_roles):
            yield binding, f"role: roleRef {message}"


def home(item: Item) -> str:
    """The namespace of an object; one that states none goes to `default`."""
    return item.namespace or "default"


def _account(item: Item, name: object, namespace: str, accounts: _Found) -> Iterator[str]:
    if name in (None, "", "default") or namespace.startswith("kube-"):
        return
    if not isinstance(name, str):
        yield f"{seen(name)}; write it out"
    elif (item.cluster, namespace, name) not in accounts:
        yield f"names {quoted(name)}, which is no ServiceAccount of namespace {quoted(namespace)}; declare it"


def _role(binding: Item, roles: _Found, cluster_roles: _Found) -> Iterator[str]:
    reference = binding.fields.section("roleRef")
    kind, name = reference.value("kind"), reference.value("name")
    if not isinstance(name, str):
        yield f"name {seen(name)}; write it out"
    elif kind == "Role":
        known = (binding.cluster, home(binding), name) in roles or home(binding).startswith("kube-")
        if binding.kind == "ClusterRoleBinding" or not known:
            yield f"names {quoted(name)}, which is no Role of its namespace; declare it"
    elif not (
        name in _BUILT_IN or name.startswith("system:") or (binding.cluster, "", name) in cluster_roles
    ):
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
