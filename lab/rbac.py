"""Who may do what in a lab cluster: the administrator, KWOK and the node agent. Each has a certificate of its
own; nobody keeps one of the group system:masters, which no binding could take back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.agent.rights import AGENT_RULES
from lab.agent.rights import USER as AGENT_USER
from lab.kwok import USER as KWOK_USER

ADMINS = "lab:admins"
_RBAC = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]

Rules = Sequence[Mapping[str, Any]]

KWOK_RULES: Rules = [
    {"apiGroups": [""], "resources": ["nodes"], "verbs": [*_READ, "patch"]},
    {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch", "update"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": [*_READ, "patch", "delete"]},
    {"apiGroups": [""], "resources": ["pods/status"], "verbs": ["patch", "update"]},
    {"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": [*_READ, "create", "patch", "update"],
    },
]


def manifests() -> list[tuple[str, dict[str, Any]]]:
    """Every object with its path in the API, in the order in which they are applied."""
    return [
        *_binding(ADMINS, "cluster-admin", {"kind": "Group", "name": ADMINS}),
        *_role(KWOK_USER, KWOK_RULES),
        *_binding(KWOK_USER, KWOK_USER, {"kind": "User", "name": KWOK_USER}),
        *_role(AGENT_USER, AGENT_RULES),
        *_binding(AGENT_USER, AGENT_USER, {"kind": "User", "name": AGENT_USER}),
    ]


def _role(name: str, rules: Rules) -> list[tuple[str, dict[str, Any]]]:
    return [_object("ClusterRole", name, {"rules": list(rules)})]


def _binding(name: str, role: str, subject: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    content = {
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, **subject}],
    }
    return [_object("ClusterRoleBinding", name, content)]


def _object(kind: str, name: str, content: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    path = f"/apis/{_RBAC}/v1/{kind.lower()}s/{name}"
    return path, {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": name}, **content}
