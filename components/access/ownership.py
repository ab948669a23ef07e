"""Own objects only: admission compares the owner label of an object with the subject of the caller's token.

RBAC gives a right on all objects of a kind in a namespace; this takes it back for those that somebody else
created. The subject is Keycloak's, so nobody can choose it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import yaml

from components.access.cluster_access import DEV_ENVIRONMENTS, PREFIX, group
from components.admission.policy import binding, policy
from components.base import Component
from components.labels import Owner, labels
from components.manifest import Manifest, known_after, part
from config.access import Grant, Matrix, Permission

OWNER_LABEL = "mlops.platform/owner"
NAME = "mlops-dev-environment-ownership"
_DEFINITION = Path(__file__).parents[2] / "services" / "devenv_operator" / "devenvironment.yaml"


@dataclass(frozen=True, kw_only=True)
class OwnershipArgs:
    """The matrix that says who is held to own objects."""

    matrix: Matrix
    owner: Owner


class Ownership(Component, token="mlops:index:Ownership"):
    """The kind of developer environments and the policy that guards it; the policy is bound before there is the
    kind."""

    def __init__(self, name: str, args: OwnershipArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        common = labels("access", "identity", args.owner)
        bound_by = binding(NAME, common)
        bound_by["spec"]["policyName"] = part(self, "policy", policy_manifest(args.matrix, common))
        bound = part(self, "binding", bound_by)
        kind = definition()
        kind["metadata"]["name"] = known_after(kind["metadata"]["name"], [bound])
        part(self, "definition", kind)
        self.register_outputs({})


def definition() -> Manifest:
    """The CustomResourceDefinition of DevEnvironment."""
    found: Manifest = yaml.safe_load(_DEFINITION.read_text(encoding="utf-8"))
    return found


def policy_manifest(matrix: Matrix, common: Mapping[str, str]) -> Manifest:
    """Creates, changes and deletions by people; controllers and the platform's own services are bound by RBAC."""
    rule = {
        "apiGroups": [DEV_ENVIRONMENTS[0]],
        "apiVersions": ["v1alpha1"],
        "resources": [DEV_ENVIRONMENTS[1]],
        "operations": ["CREATE", "UPDATE", "DELETE"],
    }
    validation = {
        "expression": "variables.free || "
        "(variables.before == variables.subject && variables.after == variables.subject)",
        "messageExpression": f"'only your own: label {OWNER_LABEL} has to be ' + variables.subject",
        "reason": "Forbidden",
    }
    return policy(
        NAME,
        [rule],
        [validation],
        common,
        matchConditions=[
            {"name": "people", "expression": f"request.userInfo.username.startsWith('{PREFIX}')"}
        ],
        variables=[
            {"name": "subject", "expression": f"request.userInfo.username.substring({len(PREFIX)})"},
            {"name": "free", "expression": free(matrix, dev_environments(matrix))},
            {"name": "before", "expression": _owner("oldObject", "request.operation == 'CREATE'")},
            {"name": "after", "expression": _owner("object", "request.operation == 'DELETE'")},
        ],
        auditAnnotations=[{"key": "owner", "valueExpression": "variables.before + '>' + variables.after"}],
    )


def dev_environments(matrix: Matrix) -> Permission:
    """The row that is guarded."""
    return matrix.permission("create", "dev environment")


def free(matrix: Matrix, permission: Permission) -> str:
    """CEL: may the caller touch what others own?"""
    names = ", ".join(f"'{group(role)}'" for role in matrix.holders(permission, Grant.YES))
    return f"request.userInfo.groups.exists(g, g in [{names}])" if names else "false"


def _owner(which: str, absent: str) -> str:
    """CEL: the owner label of one side; where there is no such side, the subject, so that it does not decide."""
    labelled = f"has({which}.metadata.labels) && '{OWNER_LABEL}' in {which}.metadata.labels"
    return f"{absent} ? variables.subject : ({labelled} ? {which}.metadata.labels['{OWNER_LABEL}'] : '')"
