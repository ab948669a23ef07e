from __future__ import annotations

from typing import Any

from lab.rbac import manifests

OBJECTS = {(document["kind"], document["metadata"]["name"]): document for _, document in manifests()}
ROLES: dict[str, Any] = {
    name: document for (kind, name), document in OBJECTS.items() if kind == "ClusterRole"
}


def test_only_the_administrators_group_gets_cluster_admin() -> None:
    bound = [
        document["subjects"]
        for (kind, _), document in OBJECTS.items()
        if kind == "ClusterRoleBinding" and document["roleRef"]["name"] == "cluster-admin"
    ]
    assert bound == [[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "lab:admins"}]]
    assert "system:masters" not in str(OBJECTS)


def test_no_role_of_the_lab_has_a_wildcard_or_a_way_to_more_rights() -> None:
    for name, role in ROLES.items():
        for rule in role["rules"]:
            words = {word for key in ("apiGroups", "resources", "verbs") for word in rule[key]}
            assert "*" not in words, name
            assert not words & {"escalate", "bind", "impersonate", "clusterroles", "clusterrolebindings"}, (
                name
            )


def test_kwok_cannot_see_a_secret() -> None:
    assert "secrets" not in str(ROLES["lab:kwok"])


def test_every_binding_names_a_role_that_exists() -> None:
    for (kind, name), document in OBJECTS.items():
        if kind == "ClusterRoleBinding" and document["roleRef"]["name"] != "cluster-admin":
            assert document["roleRef"]["name"] in ROLES, name
