"""The matrix as each server would answer it, read off the objects that are derived from it and not off the table.

An answer is the word of a grant, or `part` where some of what a row means is allowed and some is not.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tracking_gate.permissions import parse

from components.access.cluster_access import group
from components.identity.realm import group_rights, user_rights
from components.secrets.vault_policies import role_policies, role_policy_name
from config.access import LIMITED_SECRETS, Enforcer, Matrix, Role, permissions
from config.data_access import s3_policies
from proof.kubernetes import reviews
from tests.components import cluster_judge, mesh_judge

Answers = dict[tuple[str, Role], str]
"""By the name of a row and a role."""

MOUNT, BUCKET = "secret", "datasets"
FOLDERS = (*sorted({one for folders in LIMITED_SECRETS.values() for one in folders}), "keycloak", "tenants/a")


def word(allowed: Iterable[bool]) -> str:
    """All of it, nothing of it, or a part."""
    found = set(allowed)
    return "part" if len(found) != 1 else "yes" if found == {True} else "no"


def kubernetes(matrix: Matrix) -> Answers:
    """The API server: RBAC on everything that a row means, and admission for developer environments."""
    found = cluster_judge.objects(matrix)
    (policy,) = (one for one in found if one["kind"] == "ValidatingAdmissionPolicy")
    held, answers = cluster_judge.rights(found), Answers()
    for row in matrix.of(Enforcer.KUBERNETES):
        asked = {_right(one) for _, one in reviews(row, cluster_judge.TENANTS)}
        for role in Role:
            answer = word(one in held.get(group(role), ()) for one in asked)
            if row.name == "dev-environment-create-delete" and answer == "yes":
                answer = cluster_judge.reach(policy, role)
            answers[row.name, role] = answer
    return answers


def _right(asked: Mapping[str, str]) -> cluster_judge.Right:
    resource = "/".join(asked[part] for part in ("resource", "subresource") if part in asked)
    return (asked["namespace"], asked["group"], resource, asked["verb"])


def mesh(matrix: Matrix) -> Answers:
    """The gate's sidecar: every request of a row, as the gate's own table of routes has them."""
    found, rows = mesh_judge.policies(matrix), matrix.of(Enforcer.TRACKING_GATE)
    asked = {row.name: mesh_judge.requests_of(row.name) for row in rows}
    everything = tuple(one for some in asked.values() for one in some)
    answers = Answers()
    for role in Role:
        open_ = mesh_judge.passed(found, {"roles": [role.value]}, everything)
        answers |= {(row, role): word(one in open_ for one in some) for row, some in asked.items()}
    return answers


def gate(matrix: Matrix) -> Answers:
    """The gate itself, as it reads its file."""
    told = parse(json.loads(json.dumps(permissions(matrix))))
    return {
        (row.name, role): told.grant(row.name, [role.value]).name.lower()
        for row in matrix.of(Enforcer.TRACKING_GATE)
        for role in Role
    }


_DEEDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "data-upload": (("s3:PutObject", "/raw/a/b"), ("s3:AbortMultipartUpload", "/raw/a")),
    "data-version": (("s3:PutObject", "/versions/1f"), ("s3:DeleteObject", "/versions/1f")),
    "data-read": (("s3:GetObject", "/raw/a/b"), ("s3:GetObject", "/versions/1f"), ("s3:ListBucket", "")),
}
_FORBIDDEN = (("s3:DeleteObject", "/raw/a"), ("s3:PutObject", "/other"), ("s3:PutBucketPolicy", ""))


def object_store(matrix: Matrix) -> Answers:
    """S3: no statement that denies, and one that allows."""
    policies = s3_policies(matrix, BUCKET)
    answers = Answers()
    for role in Role:
        statements = policies[role.value]["Statement"]
        assert not any(_s3(statements, *deed) for deed in _FORBIDDEN), f"{role} reaches too far"
        for row in matrix.of(Enforcer.OBJECT_STORE):
            answers[row.name, role] = word(_s3(statements, *deed) for deed in _DEEDS[row.name])
    return answers


def _s3(statements: Iterable[Mapping[str, Any]], action: str, path: str) -> bool:
    effects = {
        one["Effect"]
        for one in statements
        if any(fnmatch.fnmatchcase(action, pattern) for pattern in one["Action"])
        and any(fnmatch.fnmatchcase(f"arn:aws:s3:::{BUCKET}{path}", pattern) for pattern in one["Resource"])
    }
    return effects == {"Allow"}


def keycloak(matrix: Matrix) -> Answers:
    """The realm's admin API: `manage-users` changes accounts and memberships alike, the rest finds them."""
    needed = {
        "users-create-delete": {"manage-users", "view-users", "query-users"},
        "users-assign-roles": {"manage-users", "view-realm", "query-groups"},
    }
    answers = Answers()
    for name, rows in group_rights(matrix).items():
        rights = {right for row in rows for right in user_rights(row)}
        for row in matrix.of(Enforcer.KEYCLOAK):
            if name in set(Role):
                may = "manage-users" in rights
                answers[row.name, Role(name)] = word((may, needed[row.name] <= rights))
    return answers


def vault(matrix: Matrix) -> Answers:
    """The secret store: of the paths that match, the longest alone decides."""
    policies = role_policies(matrix, MOUNT)
    read, write = matrix.of(Enforcer.VAULT)
    answers = Answers()
    for role in Role:
        rules = rules_of(policies[role_policy_name(role)])
        readable = {one for one in FOLDERS if _reads(rules, one)}
        limited = readable and readable == set(LIMITED_SECRETS.get(role, ()))
        answers[read.name, role] = "limited" if limited else word(one in readable for one in FOLDERS)
        answers[write.name, role] = word(
            verb in capabilities(rules, f"{MOUNT}/data/{folder}/x")
            for folder in FOLDERS
            for verb in ("create", "update", "delete")
        )
    return answers


def _reads(rules: Mapping[str, frozenset[str]], folder: str) -> bool:
    seen = "list" in capabilities(rules, f"{MOUNT}/metadata/{folder}/")
    read = {"read" in capabilities(rules, f"{MOUNT}/data/{folder}/{name}") for name in ("x", "deep/er")}
    assert read == {seen}, f"{folder}: what can be read can be found, and nothing else"
    return seen


def rules_of(policy: str) -> dict[str, frozenset[str]]:
    """Capabilities by path, from the store's own language."""
    block = re.compile(r'path "([^"]*)" \{\s*capabilities = \[([^\]]*)\]\s*\}\s*')
    assert re.sub(block, "", policy) in {"", "# Nothing.\n"}, policy
    return {path: frozenset(json.loads(f"[{verbs}]")) for path, verbs in block.findall(policy)}


def capabilities(rules: Mapping[str, frozenset[str]], path: str) -> frozenset[str]:
    """What may be done with a path: an exact rule first, then the one with the longest prefix."""
    assert not any("+" in one for one in rules)
    prefixes = [one for one in rules if one.endswith("*") and path.startswith(one[:-1])]
    return rules.get(path) or rules.get(max(prefixes, key=len, default=""), frozenset())


SERVERS: Mapping[Enforcer, Mapping[str, Callable[[Matrix], Answers]]] = {
    Enforcer.KUBERNETES: {"API server": kubernetes},
    Enforcer.TRACKING_GATE: {"mesh": mesh, "gate": gate},
    Enforcer.OBJECT_STORE: {"object store": object_store},
    Enforcer.KEYCLOAK: {"realm": keycloak},
    Enforcer.VAULT: {"secret store": vault},
    Enforcer.LABEL_STUDIO: {},
}
"""What is derived for each enforcer. Label Studio does not exist yet: nothing is."""
