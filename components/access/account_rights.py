"""Rights of one ServiceAccount: a role with what it may do, and the binding that gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi

from components.base import Component
from components.manifest import Manifest, NamespaceRef, kubernetes_object, part

_GROUP = "rbac.authorization.k8s.io"


def account_rights(
    name: str,
    rules: Sequence[Mapping[str, Any]],
    account: tuple[str, str],
    labels: Mapping[str, str],
    *,
    within: NamespaceRef | None = None,
    kind: Literal["ClusterRole", "Role"] = "ClusterRole",
) -> tuple[Manifest, Manifest]:
    """Role and binding, both called `name`. `account` is a ServiceAccount by name and namespace; it has the rights
    `within` one namespace, or everywhere. A `Role` lies there too."""
    reference = {"apiGroup": _GROUP, "kind": kind, "name": name}
    subject = {"kind": "ServiceAccount", "name": account[0], "namespace": account[1]}
    role = kubernetes_object(
        f"{_GROUP}/v1",
        kind,
        name,
        namespace=within if kind == "Role" else None,
        labels=labels,
        rules=[dict(rule) for rule in rules],
    )
    binding = kubernetes_object(
        f"{_GROUP}/v1",
        "RoleBinding" if within else "ClusterRoleBinding",
        name,
        namespace=within,
        labels=labels,
        roleRef=reference,
        subjects=[subject],
    )
    return role, binding


def grant(
    component: Component, role_part: str, binding_part: str, rights: tuple[Manifest, Manifest]
) -> pulumi.Output[str]:
    """Declare role and binding as parts of a component. The binding's name, known once the account has the rights:
    whoever works by them comes after it."""
    role, binding = rights
    name = part(component, role_part, role)
    return part(component, binding_part, {**binding, "roleRef": {**binding["roleRef"], "name": name}})
