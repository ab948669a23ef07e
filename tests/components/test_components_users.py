"""The first users: who they are comes from the settings, their passwords from nowhere."""

from __future__ import annotations

from functools import cache
from typing import Any

from components.identity.realm import team_group
from components.identity.users import Users, UsersArgs
from config.access import BREAK_GLASS, Role
from config.identity import UserSettings
from tests.recorder import Recorder, run

GROUPS = {
    name: f"{name}-group" for name in (*Role, BREAK_GLASS, team_group("vision"), team_group(Role.ADMIN))
}


def user(username: str, *roles: Role, teams: tuple[str, ...] = ()) -> UserSettings:
    return UserSettings(
        username=username,
        email=f"{username}@example.com",
        first_name=username.title(),
        last_name="Example",
        roles=roles,
        teams=teams,
    )


USERS = (
    user("ada", Role.ADMIN, Role.VIEWER, teams=("vision",)),
    user("bob"),
    user("eve", teams=("admin",)),
)


@cache
def recorded() -> Recorder:
    def program() -> None:
        Users("users", UsersArgs(realm="realm-id", groups=GROUPS, users=USERS))

    return run(program)


def inputs(type_: str) -> dict[str, dict[str, Any]]:
    return {one.name: one.inputs for one in recorded().declarations if one.type.endswith(f":{type_}")}


def test_a_user_is_in_exactly_the_groups_of_the_settings() -> None:
    groups = inputs("UserGroups")["users-ada-groups"]
    assert groups["groupIds"] == ["admin-group", "viewer-group", "team-vision-group"]
    assert groups["userId"] == "users-ada-id"
    assert groups["exhaustive"] is True


def test_a_user_without_a_role_is_in_no_group_and_is_taken_out_of_those_it_was_in() -> None:
    groups = inputs("UserGroups")["users-bob-groups"]
    assert groups["groupIds"] == []
    assert groups["exhaustive"] is True


def test_a_team_that_is_named_like_a_role_gives_nobody_the_role() -> None:
    assert inputs("UserGroups")["users-eve-groups"]["groupIds"] == ["team-admin-group"]


def test_no_password_is_declared_and_every_user_has_to_set_one() -> None:
    for declared in inputs("User").values():
        assert "initialPassword" not in declared
        assert "UPDATE_PASSWORD" in declared["requiredActions"]
    assert set(inputs("User")) == {f"users-{one.username}" for one in USERS}


def test_nobody_is_put_into_the_group_of_last_resort() -> None:
    """Its members are named in an outage, by hand and on record: no role of the settings can be it."""
    assert GROUPS[BREAK_GLASS] not in str([one["groupIds"] for one in inputs("UserGroups").values()])
    assert BREAK_GLASS not in {role.value for role in Role}
