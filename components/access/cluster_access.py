"""RBAC from the permission matrix: one ClusterRole per row, one binding per row and namespace, one subject per cell.

A cell that changes adds or removes exactly one subject. No rule has a wildcard, reads secrets or can raise rights
(ID-01 to ID-05). Who holds a row as `own` is bound too where rights on one object can be checked at admission
(see `ownership`); RBAC cannot narrow reads, so own reads go through the platform's API and are not bound here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base import Component
from components.labels import Owner, labels
from components.manifest import Manifest, NamespaceRef, known_after, kubernetes_object, part
from config.access import BREAK_GLASS, Enforcer, Grant, Matrix, Permission, Role
from config.tenants import TenantPurpose

PREFIX = "mlops:"
"""What the API server puts before the subject and the roles of a realm's token: nobody else has such a name."""

DEV_ENVIRONMENTS = ("mlops.platform", "devenvironments")

_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Verbs on resources of one API group."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]

    def manifest(self) -> dict[str, Any]:
        return {"apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs)}


_PIPELINES = "pipelines.kubeflow.org"
_RULES: Mapping[str, tuple[TenantPurpose, tuple[Rule, ...]]] = {
    "dev-environment-create-delete": (
        "dev",
        (Rule(group=DEV_ENVIRONMENTS[0], resources=DEV_ENVIRONMENTS[1:], verbs=_WRITE),),
    ),
    "dev-environment-read": (
        "dev",
        (Rule(group=DEV_ENVIRONMENTS[0], resources=DEV_ENVIRONMENTS[1:], verbs=_READ),),
    ),
    "pipeline-create": (
        "training",
        (Rule(group=_PIPELINES, resources=("pipelines",), verbs=("create", "update", "delete")),),
    ),
    "pipeline-run": (
        "training",
        (
            Rule(
                group=_PIPELINES,
                resources=("runs", "jobs"),
                verbs=("create", "retry", "terminate", "enable", "disable", "archive", "unarchive", "delete"),
            ),
            Rule(
                group=_PIPELINES,
                resources=("experiments",),
                verbs=("create", "archive", "unarchive", "delete"),
            ),
        ),
    ),
    "pipeline-read": (
        "training",
        (
            Rule(group=_PIPELINES, resources=("pipelines", "experiments", "jobs"), verbs=("get", "list")),
            Rule(group=_PIPELINES, resources=("runs",), verbs=("get", "list", "readArtifact")),
        ),
    ),
    "deployment-deploy": (
        "serving",
        (
            Rule(group="serving.kserve.io", resources=("inferenceservices",), verbs=_WRITE),
            Rule(group="argoproj.io", resources=("rollouts",), verbs=_WRITE),
            Rule(group="gateway.networking.k8s.io", resources=("httproutes",), verbs=("create", "delete")),
        ),
    ),
    "deployment-roll-back": (
        "serving",
        (
            Rule(group="argoproj.io", resources=("rollouts/status",), verbs=("update", "patch")),
            Rule(group="gateway.networking.k8s.io", resources=("httproutes",), verbs=("update", "patch")),
        ),
    ),
    "deployment-read": (
        "serving",
        (
            Rule(group="serving.kserve.io", resources=("inferenceservices",), verbs=_READ),
            Rule(group="argoproj.io", resources=("rollouts",), verbs=_READ),
            Rule(group="gateway.networking.k8s.io", resources=("httproutes",), verbs=_READ),
        ),
    ),
}
"""Where each row holds and what it lets one do. Pipelines: what Kubeflow Pipelines asks the API server about a
caller (resource types and verbs of its `SubjectAccessReview`s)."""


@dataclass(frozen=True, kw_only=True)
class ClusterAccessArgs:
    """`namespaces` are the tenants' by purpose; a purpose may have several or none. `guards` is known once admission
    refuses what no right is for: nobody gets one sooner."""

    matrix: Matrix
    namespaces: Mapping[TenantPurpose, Sequence[NamespaceRef]]
    guards: pulumi.Output[Any]
    owner: Owner


class ClusterAccess(Component, token="mlops:index:ClusterAccess"):
    """The rights of the six roles in one cluster, and of nobody else but the group of last resort."""

    roles: pulumi.Output[Sequence[str]]

    def __init__(
        self, name: str, args: ClusterAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        common = labels("access", "identity", args.owner)
        made = []
        for permission in args.matrix.of(Enforcer.KUBERNETES):
            made.append(part(self, permission.name, cluster_role(permission, common)))
            role = known_after(made[-1], [args.guards])
            for namespace in args.namespaces.get(purpose(permission), ()):
                binding = role_binding(args.matrix, permission, namespace, common)
                binding["roleRef"]["name"] = role
                part(self, f"{permission.name}-{namespace.name}", binding)
        binding = break_glass_binding(common)
        last_resort = part(self, BREAK_GLASS, break_glass_role(common))
        binding["roleRef"]["name"] = known_after(last_resort, [args.guards])
        part(self, f"{BREAK_GLASS}-binding", binding)
        self.roles = pulumi.Output.all(*made)
        self.register_outputs({"roles": self.roles})


def group(role: Role) -> str:
    """A role of the realm as a group of the API server."""
    return f"{PREFIX}{role.value}"


def rules(permission: Permission) -> tuple[Rule, ...]:
    """What a row lets one do. Raises KeyError for a row that the API server does not enforce."""
    return _RULES[permission.name][1]


def purpose(permission: Permission) -> TenantPurpose:
    """The tenants in whose namespaces a row holds."""
    return _RULES[permission.name][0]


def bound_roles(matrix: Matrix, permission: Permission) -> tuple[Role, ...]:
    """The roles that RBAC lets in. `own` counts where every verb of the row names one object at admission."""
    reads = {verb for rule in rules(permission) for verb in rule.verbs} <= {*_READ, "readArtifact"}
    return matrix.holders(permission, *((Grant.YES,) if reads else (Grant.YES, Grant.OWN)))


def cluster_role(permission: Permission, common: Mapping[str, str]) -> Manifest:
    """The rights of one row."""
    return kubernetes_object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        f"{PREFIX}{permission.name}",
        labels=common,
        rules=[rule.manifest() for rule in rules(permission)],
    )


def role_binding(
    matrix: Matrix, permission: Permission, namespace: NamespaceRef, common: Mapping[str, str]
) -> Manifest:
    """The row's rights in one namespace, for the roles that hold it; without any it binds nobody."""
    name = f"{PREFIX}{permission.name}"
    return kubernetes_object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        name,
        namespace=namespace,
        labels=common,
        roleRef=_reference(name),
        subjects=[_group(group(role)) for role in bound_roles(matrix, permission)],
    )


def break_glass_role(common: Mapping[str, str]) -> Manifest:
    """For an outage: see what runs, restart it, move it away from a node. Still no secrets, no shell, no rights
    to give. The group is empty until somebody with the users' rights fills it, which Keycloak records."""
    allowed = (
        Rule(
            group="",
            resources=(
                "pods",
                "pods/log",
                "services",
                "endpoints",
                "events",
                "configmaps",
                "persistentvolumeclaims",
                "namespaces",
                "nodes",
                "resourcequotas",
            ),
            verbs=_READ,
        ),
        Rule(group="", resources=("pods",), verbs=("delete",)),
        Rule(group="", resources=("pods/eviction",), verbs=("create",)),
        Rule(group="", resources=("nodes",), verbs=("patch",)),
        Rule(
            group="apps", resources=("deployments", "statefulsets", "daemonsets", "replicasets"), verbs=_READ
        ),
        Rule(group="apps", resources=("deployments", "statefulsets", "daemonsets"), verbs=("patch",)),
        Rule(group="apps", resources=("deployments/scale", "statefulsets/scale"), verbs=("update", "patch")),
        Rule(group="batch", resources=("jobs", "cronjobs"), verbs=(*_READ, "patch", "delete")),
    )
    return kubernetes_object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        f"{PREFIX}{BREAK_GLASS}",
        labels=common,
        rules=[rule.manifest() for rule in allowed],
    )


def break_glass_binding(common: Mapping[str, str]) -> Manifest:
    """The group of last resort in the whole cluster."""
    name = f"{PREFIX}{BREAK_GLASS}"
    return kubernetes_object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        name,
        labels=common,
        roleRef=_reference(name),
        subjects=[_group(name)],
    )


def _reference(name: str) -> dict[str, Any]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}


def _group(name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}
