"""The realm: how it defends itself, what it writes down, and how rights over users hang on groups."""

from __future__ import annotations

from functools import cache

import pytest

from components.identity.realm import (
    Realm,
    RealmArgs,
    event_settings,
    group_rights,
    realm_settings,
    signing_keys,
    team_group,
    user_rights,
)
from config.access import BREAK_GLASS, MATRIX, Enforcer, Grant, Role
from config.errors import AccessError
from config.identity import Lifetimes
from tests.recorder import Recorder, run

SETTINGS = realm_settings("mlops-platform", Lifetimes())
GUESSING = SETTINGS["security_defenses"]["brute_force_detection"]
ROLE, GROUP_ROLES = "keycloak:index/role:Role", "keycloak:index/groupRoles:GroupRoles"


@cache
def recorded(signing_key: int = 1) -> Recorder:
    def program() -> None:
        args = RealmArgs(
            realm="mlops-platform",
            lifetimes=Lifetimes(),
            signing_key=signing_key,
            teams=("vision", "viewer"),
            matrix=MATRIX,
        )
        Realm("realm", args)

    return run(program)


def of_type(type_: str) -> dict[str, dict[str, object]]:
    """Inputs by the id that others know the object by."""
    return {f"{one.name}-id": one.inputs for one in recorded().declarations if one.type == type_}


def test_tokens_and_sessions_live_as_long_as_the_settings_say() -> None:
    settings = realm_settings("r", Lifetimes(access_token=120, idle=600, session=1200))
    assert settings["access_token_lifespan"] == "120s"
    assert settings["sso_session_idle_timeout"] == "600s"
    assert settings["sso_session_max_lifespan"] == "1200s"
    assert SETTINGS["access_token_lifespan"] == "300s"
    assert SETTINGS["access_code_lifespan"] == "60s"


def test_a_refresh_token_is_used_once_and_no_session_outlives_its_browser() -> None:
    assert SETTINGS["revoke_refresh_token"] is True
    assert SETTINGS["refresh_token_max_reuse"] == 0
    assert SETTINGS["remember_me"] is False


def test_the_realm_is_spoken_to_over_tls_alone() -> None:
    assert SETTINGS["ssl_required"] == "all"
    age = SETTINGS["security_defenses"]["headers"]["strict_transport_security"]
    assert age.startswith("max-age=31536000")


def test_nobody_makes_an_account_or_gets_in_by_mail_alone() -> None:
    """A mail that resets a password can reset the second factor with it."""
    assert SETTINGS["registration_allowed"] is False
    assert SETTINGS["reset_password_allowed"] is False


def test_guessing_a_password_locks_out_for_a_while_and_not_for_ever() -> None:
    assert GUESSING["max_login_failures"] <= 10
    assert 0 < GUESSING["wait_increment_seconds"] <= GUESSING["max_failure_wait_seconds"]
    assert GUESSING["permanent_lockout"] is False


def test_a_password_is_long_and_says_nothing_of_its_user() -> None:
    rules = SETTINGS["password_policy"].split(" and ")
    (length,) = [int(rule[7:-1]) for rule in rules if rule.startswith("length(")]
    assert length >= 12
    assert {"notUsername(undefined)", "notEmail(undefined)"} <= set(rules)


def test_a_one_time_password_is_of_the_kind_that_every_app_makes() -> None:
    policy = SETTINGS["otp_policy"]
    assert (policy["type"], policy["digits"], policy["period"]) == ("totp", 6, 30)
    assert policy["look_ahead_window"] <= 1


def test_every_login_and_every_change_by_an_administrator_is_written_down_in_full() -> None:
    events = event_settings()
    assert events["events_enabled"] is events["admin_events_enabled"] is True
    assert events["admin_events_details_enabled"] is True
    assert "enabled_event_types" not in events
    assert events["events_expiration"] >= 90 * 24 * 3600
    assert [one.inputs["realmId"] for one in recorded().declarations if one.type.endswith(":RealmEvents")]


@pytest.mark.parametrize("number", [1, 2, 7])
def test_one_key_signs_and_the_former_one_still_verifies(number: int) -> None:
    keys = signing_keys(number)
    assert [key for key, settings in keys.items() if settings["active"]] == [number]
    assert set(keys) == {number, number - 1} - {0}
    assert all(settings["enabled"] and settings["key_size"] >= 3072 for settings in keys.values())


def test_a_new_key_comes_before_every_older_one_and_before_keycloaks_own() -> None:
    priorities = [signing_keys(number)[number]["priority"] for number in (1, 2, 3)]
    assert priorities == sorted(set(priorities))
    assert priorities[0] > 100


def test_a_rotation_makes_one_key_and_leaves_the_signing_one_in_its_place() -> None:
    def keys(number: int) -> dict[str, str]:
        found = [one for one in recorded(number).declarations if "RsaGenerated" in one.type]
        return {one.name: one.inputs["name"] for one in found}

    assert keys(1) == {"realm-key-1": "rsa-1"}
    assert keys(2) == {**keys(1), "realm-key-2": "rsa-2"}


def test_the_realm_has_the_six_roles_and_the_one_of_last_resort() -> None:
    names = {inputs["name"] for inputs in of_type(ROLE).values() if "clientId" not in inputs}
    assert names == {*Role, BREAK_GLASS} | {row.name for row in MATRIX.of(Enforcer.KEYCLOAK)}


def test_every_role_reaches_people_through_the_group_of_its_name_alone() -> None:
    roles = {id_: str(inputs["name"]) for id_, inputs in of_type(ROLE).items()}
    groups = {id_: inputs["name"] for id_, inputs in of_type("keycloak:index/group:Group").items()}
    rights = {row.name for row in MATRIX.of(Enforcer.KEYCLOAK)}
    for inputs in of_type(GROUP_ROLES).values():
        assert isinstance(inputs["roleIds"], list)
        given = {roles[one] for one in inputs["roleIds"]}
        assert given - rights == {groups[str(inputs["groupId"])]}
        assert inputs["exhaustive"] is True


def test_administrators_alone_hold_rights_over_users_and_those_are_what_their_rows_need() -> None:
    held = of_type(ROLE)
    rights = {row.name: set(user_rights(row)) for row in MATRIX.of(Enforcer.KEYCLOAK)}
    for id_, inputs in held.items():
        parts = inputs.get("compositeRoles", [])
        assert isinstance(parts, list)
        assert set(parts) == rights.get(str(inputs["name"]), set())
        holders = {
            str(one["groupId"])
            for one in of_type(GROUP_ROLES).values()
            if parts and id_ in one["roleIds"]  # type: ignore[operator]
        }
        assert holders == ({"realm-group-admin-id"} if parts else set())


def test_nobody_gets_all_of_keycloaks_own_rights() -> None:
    """`realm-admin` and its like change clients, keys and the matrix's own roles."""
    rights = {right for row in MATRIX.of(Enforcer.KEYCLOAK) for right in user_rights(row)}
    assert "manage-users" in rights
    assert not {right for right in rights if right.startswith("manage-")} - {"manage-users"}
    assert not rights & {"realm-admin", "impersonation", "create-client"}


def test_the_group_of_last_resort_and_teams_hold_no_rights_over_users() -> None:
    assert group_rights(MATRIX)[BREAK_GLASS] == ()
    given = {str(inputs["groupId"]): inputs["roleIds"] for inputs in of_type(GROUP_ROLES).values()}
    assert given[f"realm-group-{BREAK_GLASS}-id"] == [f"realm-role-{BREAK_GLASS}-id"]
    teams = {one for one in of_type("keycloak:index/group:Group") if one.startswith("realm-group-team-")}
    assert teams == {"realm-group-team-vision-id", "realm-group-team-viewer-id"}
    assert not teams & given.keys()


def test_a_team_has_a_group_of_its_own_whatever_it_is_called() -> None:
    assert team_group("viewer") not in {*Role, BREAK_GLASS}


@pytest.mark.parametrize("row", MATRIX.of(Enforcer.KEYCLOAK), ids=str)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.LABELER])
def test_one_of_the_rights_over_users_alone_is_refused_since_keycloak_gives_both(
    row: object, role: Role
) -> None:
    (changed,) = [one for one in MATRIX.of(Enforcer.KEYCLOAK) if one == row]
    grant = Grant.NO if role is Role.ADMIN else Grant.YES
    with pytest.raises(AccessError, match=f"Keycloak cannot hold {role} to 'users: "):
        group_rights(MATRIX.replaced(changed, role, grant))


def test_every_child_is_named_for_its_realm() -> None:
    assert recorded().misnamed() == []
