"""Rights in a cluster, read off its objects as the API server reads them: RBAC first, admission after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from components.access.cluster_access import PREFIX, cluster_role, group, purpose, role_binding
from components.access.ownership import OWNER_LABEL, policy_manifest
from components.manifest import Manifest, NamespaceRef
from config.access import Enforcer, Matrix, Role
from config.tenants import TenantPurpose
from tests.components.cel import admits

Right = tuple[str, str, str, str]
"""Namespace, API group, resource (with its subresource) and verb."""

TENANTS: Mapping[TenantPurpose, tuple[str, ...]] = {
    "platform": ("platform",),
    "dev": ("notebooks", "sandbox"),
    "training": ("training",),
    "serving": ("serving",),
}
ME, OTHER = "9f0c5b1e-me", "4d2a77c3-other"
KIND = ("mlops.platform", "v1alpha1", "devenvironments")


def objects(matrix: Matrix) -> list[Manifest]:
    """What one cluster with a few tenants has of the matrix."""
    rows = matrix.of(Enforcer.KUBERNETES)
    bindings = [
        role_binding(matrix, row, NamespaceRef(name=name, ready=name), {})
        for row in rows
        for name in TENANTS[purpose(row)]
    ]
    return [*(cluster_role(row, {}) for row in rows), *bindings, policy_manifest(matrix, {})]


def rights(found: Iterable[Mapping[str, Any]]) -> dict[str, set[Right]]:
    """Every right that a binding gives, by the group that has it."""
    everything = list(found)
    roles = {one["metadata"]["name"]: one["rules"] for one in everything if one["kind"] == "ClusterRole"}
    held: dict[str, set[Right]] = {}
    for binding in (one for one in everything if one["kind"] == "RoleBinding"):
        for subject in binding["subjects"]:
            assert subject["kind"] == "Group"
            held.setdefault(subject["name"], set()).update(
                (binding["metadata"]["namespace"], api_group, resource, verb)
                for rule in roles[binding["roleRef"]["name"]]
                for api_group in rule["apiGroups"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
            )
    return held


def admission(
    role: Role | None, operation: str, before: str | None, after: str | None, *, groups: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What admission is told of a person who makes, changes or deletes an environment.

    `before` and `after` are the owners that the object names: "" is a label that is not there, None no object.
    """
    return {
        "operation": operation,
        "resource": KIND,
        "userInfo": {
            "username": f"{PREFIX}{ME}",
            "groups": [*groups, *([group(role)] if role else []), "system:authenticated"],
        },
        "object": environment(after),
        "oldObject": environment(before),
    }


def environment(owner: str | None) -> dict[str, Any] | None:
    if owner is None:
        return None
    labels = {OWNER_LABEL: owner} if owner else {"app": "notebook"}
    return {"metadata": {"name": "one", "labels": labels}}


OWN = (("CREATE", None, ME), ("UPDATE", ME, ME), ("DELETE", ME, None))
FOREIGN = (
    ("CREATE", None, OTHER),
    ("CREATE", None, ""),
    ("UPDATE", OTHER, OTHER),
    ("UPDATE", OTHER, ME),
    ("UPDATE", ME, OTHER),
    ("UPDATE", ME, ""),
    ("UPDATE", "", ME),
    ("DELETE", OTHER, None),
    ("DELETE", "", None),
)
"""What one may try with an own environment, and with one that is another's or would be (owner before, after)."""


def reach(policy: Mapping[str, Any], role: Role | None) -> str:
    """`yes` for everybody's environments, `own`, `no`; `part` is none of them."""
    own = {admits(policy, admission(role, *attempt)) for attempt in OWN}
    foreign = {admits(policy, admission(role, *attempt)) for attempt in FOREIGN}
    if own == {True} and len(foreign) == 1:
        return "yes" if foreign == {True} else "own"
    return "no" if own == foreign == {False} else "part"
