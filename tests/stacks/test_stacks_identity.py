from __future__ import annotations

from typing import Any

import pytest

from config.access import BREAK_GLASS, Role
from config.applications import APPLICATIONS
from config.schema import PlatformSettings
from stacks.platform import build
from tests.components.secret_values import in_the_open
from tests.recorder import Recorder, run
from tests.stacks.conftest import recorded_stack, settings_of
from tests.stacks.stack_objects import of_type
from tests.stacks.stack_world import NOBODY


def keycloak(recorded: Recorder, kind: str) -> list[dict[str, Any]]:
    return [one.inputs for one in of_type(recorded, kind) if one.type.startswith("keycloak:")]


def with_access(stack: str, **changes: Any) -> Recorder:
    settings = settings_of(stack)
    access = settings.access.model_copy(update=changes)
    return run(lambda: build(settings.model_copy(update={"access": access})), stack)


def test_there_is_one_realm_for_the_whole_estate(recorded: Recorder, settings: PlatformSettings) -> None:
    (realm,) = keycloak(recorded, "Realm")
    assert realm["realm"] == settings.access.realm
    assert realm["accessTokenLifespan"] == f"{settings.access.lifetimes.access_token}s"


def test_everything_of_the_realm_goes_through_keycloaks_provider(recorded: Recorder) -> None:
    declared = [one for one in recorded.declarations if one.type.startswith("keycloak:")]
    assert {one.provider for one in declared} == {"keycloak"}


def test_every_application_is_a_client_with_exact_addresses_and_one_way_to_log_in(recorded: Recorder) -> None:
    clients = {one["clientId"]: one for one in keycloak(recorded, "Client")}
    of_clusters = {client for client in clients if client.startswith("mesh-")}
    assert clients.keys() - {"realm-management"} - of_clusters == {one.client for one in APPLICATIONS}
    for application in APPLICATIONS:
        client = clients[application.client]
        assert client["validRedirectUris"]
        assert not [uri for uri in client["validRedirectUris"] if "*" in uri or "+" in uri]
        assert client["pkceCodeChallengeMethod"] == "S256"
        for way in ("implicitFlowEnabled", "directAccessGrantsEnabled", "fullScopeAllowed"):
            assert client[way] is False, application.client


def test_further_addresses_of_the_settings_reach_their_own_client_alone() -> None:
    more = "https://notebook.example.com/callback"
    recorded = with_access("dev", redirect_uris={"mlflow": (more,)})
    having = [
        one["clientId"] for one in keycloak(recorded, "Client") if more in one.get("validRedirectUris", ())
    ]
    assert having == ["mlflow"]


def test_there_is_a_group_for_every_role_and_every_team(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    teams = {f"team-{tenant.team}" for tenant in settings.tenants}
    assert {one["name"] for one in keycloak(recorded, "Group")} == {*Role, BREAK_GLASS} | teams


def test_users_are_declared_only_when_the_settings_name_some(recorded: Recorder) -> None:
    assert keycloak(recorded, "User") == keycloak(recorded, "UserGroups") == []
    assert "users" not in {one.name for one in recorded.components}


def test_a_user_gets_the_groups_of_the_settings(in_lab: Recorder) -> None:
    assert {one["username"] for one in keycloak(in_lab, "User")} == {"nobody", "ada"}
    groups = groups_of(in_lab, "ada")
    assert groups == ["admin", "viewer", "team-platform"]


def test_a_user_without_a_role_is_made_and_gets_nothing(in_lab: Recorder) -> None:
    assert NOBODY.roles == ()
    assert groups_of(in_lab, "nobody") == []
    assert not keycloak(in_lab, "UserRoles")
    assert not keycloak(in_lab, "DefaultRoles")
    assert not keycloak(in_lab, "DefaultGroups")


def test_membership_of_a_team_gives_no_role(in_lab: Recorder) -> None:
    giving = {one["groupId"] for one in keycloak(in_lab, "GroupRoles")}
    assert giving == {f"realm-group-{role}-id" for role in (*Role, BREAK_GLASS)}


def test_a_team_that_is_called_like_a_role_gives_and_takes_none() -> None:
    settings = settings_of("dev")
    tenants = tuple(tenant.model_copy(update={"team": "admin"}) for tenant in settings.tenants)
    ada = NOBODY.model_copy(update={"username": "ada", "roles": (Role.ADMIN,), "teams": ("admin",)})
    access = settings.access.model_copy(update={"users": (ada,)})
    changed = settings.model_copy(update={"tenants": tenants, "access": access})
    recorded = run(lambda: build(changed), "dev")
    assert groups_of(recorded, "ada") == ["admin", "team-admin"]


def groups_of(recorded: Recorder, user: str) -> list[str]:
    (found,) = [
        one["groupIds"] for one in keycloak(recorded, "UserGroups") if one["userId"] == f"users-{user}-id"
    ]
    return [group.removeprefix("realm-group-").removesuffix("-id") for group in found]


@pytest.mark.parametrize("number", [1, 2, 7])
def test_the_numbered_key_signs_and_the_former_one_still_verifies(number: int) -> None:
    recorded = recorded_stack("dev") if number == 1 else with_access("dev", signing_key=number)
    keys = {one["name"]: one for one in keycloak(recorded, "RealmKeystoreRsaGenerated")}
    assert keys.keys() == {f"rsa-{one}" for one in (number - 1, number) if one}
    assert [name for name, one in keys.items() if one["active"]] == [f"rsa-{number}"]
    assert all(one["enabled"] for one in keys.values())


def test_no_user_has_a_password_and_no_client_a_secret_of_ours(in_lab: Recorder) -> None:
    for one in (*keycloak(in_lab, "User"), *keycloak(in_lab, "Client")):
        assert not {key for key in one if "password" in key.lower() or "secret" in key.lower()}
    assert all(one["requiredActions"] == ["UPDATE_PASSWORD"] for one in keycloak(in_lab, "User"))


def test_secrets_of_clients_are_handed_on_as_secrets_alone(
    recorded: Recorder, settings: PlatformSettings
) -> None:
    kept = {one.inputs["name"]: in_the_open(one.inputs["dataJson"]) for one in of_type(recorded, "SecretV2")}
    confidential = {application.client for application in APPLICATIONS if application.confidential}
    confidential |= {f"mesh-{cluster.name}" for cluster in settings.clusters}
    assert kept == {f"oidc/{client}": '"(secret)"' for client in confidential}
