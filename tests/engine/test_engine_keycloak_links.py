"""Lists that hang on something else: what is added, what is taken away, what is left alone."""

from __future__ import annotations

import pytest

from engine.errors import ProviderError
from engine.providers.keycloak_links import DefaultGroups, GroupRoles, RoleMapper, ScopesOfClient
from tests.engine.keycloak_double import Double, work

MAPPINGS = "admin/realms/r/groups/g/role-mappings"
OURS = {"id": "ours", "name": "ours"}
THEIRS = {"id": "theirs", "name": "theirs", "clientRole": True, "containerId": "c"}
SCOPE = {"id": "s", "name": "roles"}


def roles(*ids: str, exhaustive: bool = True) -> dict[str, object]:
    return {"realmId": "r", "groupId": "g", "roleIds": list(ids), "exhaustive": exhaustive}


@pytest.fixture
def group() -> Double:
    """A group with a role of somebody else's."""
    return Double(
        {
            MAPPINGS: {"clientMappings": {"c": {"mappings": [THEIRS]}}},
            "admin/realms/r/roles-by-id/ours": OURS,
        }
    )


def test_a_list_that_is_the_whole_truth_takes_away_what_it_does_not_name(group: Double) -> None:
    live = GroupRoles().create(work(group, roles("ours")))
    assert live.id == "r/g"
    assert group.writes() == [("DELETE", f"{MAPPINGS}/clients/c"), ("POST", f"{MAPPINGS}/realm")]
    assert (group.body("DELETE"), group.body("POST")) == ([THEIRS], [OURS])


def test_a_list_that_is_not_leaves_others_alone_and_takes_away_its_own(group: Double) -> None:
    group.documents[MAPPINGS]["realmMappings"] = [OURS]
    old, new = roles("ours", exhaustive=False), roles(exhaustive=False)
    GroupRoles().update(work(group, new, old=old))
    assert group.writes() == [("DELETE", f"{MAPPINGS}/realm")]
    assert group.body("DELETE") == [OURS]


def test_what_is_there_already_is_not_written_again(group: Double) -> None:
    GroupRoles().create(work(group, roles("theirs")))
    assert group.writes() == []


def test_a_holder_that_is_gone_is_told_when_something_is_to_hang_there_and_not_otherwise() -> None:
    with pytest.raises(ProviderError, match="r/g"):
        GroupRoles().create(work(Double(), roles("ours")))
    GroupRoles().delete(work(Double(), roles("ours"), old=roles("ours")))


def test_default_groups_of_others_stay_until_the_list_was_ours_once() -> None:
    where = "admin/realms/r/default-groups"
    inputs = {"realmId": "r", "groupIds": ["a"]}
    first = Double({where: [{"id": "theirs"}]})
    DefaultGroups().create(work(first, inputs))
    assert first.writes() == [("PUT", f"{where}/a")]
    later = Double({where: [{"id": "theirs"}, {"id": "a"}]})
    DefaultGroups().update(work(later, inputs, old=inputs))
    assert later.writes() == [("DELETE", f"{where}/theirs")]


@pytest.mark.parametrize(
    ("documents", "problem"),
    [
        ({}, "there is no client scope roles"),
        ({"admin/realms/r/clients/c/optional-client-scopes": [SCOPE]}, "optional scopes already"),
    ],
)
def test_a_scope_that_cannot_be_a_default_one_is_refused(documents: dict[str, object], problem: str) -> None:
    scopes = [SCOPE] if documents else []
    double = Double(
        {
            "admin/realms/r/clients/c/default-client-scopes": [],
            "admin/realms/r/client-scopes": scopes,
            **documents,
        }
    )
    inputs = {"realmId": "r", "clientId": "c", "defaultScopes": ["roles"]}
    with pytest.raises(ProviderError, match=problem):
        ScopesOfClient("default", "optional").create(work(double, inputs))
    assert double.writes() == []


def test_a_role_of_a_client_is_mapped_below_that_client() -> None:
    double = Double({"admin/realms/r/roles-by-id/theirs": THEIRS})
    inputs = {"realmId": "r", "clientScopeId": "s", "roleId": "theirs"}
    live = RoleMapper().create(work(double, inputs))
    assert double.writes() == [("POST", "admin/realms/r/client-scopes/s/scope-mappings/clients/c")]
    assert live.id == "r/client-scope/s/scope-mappings/c/theirs"
