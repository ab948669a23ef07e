"""The first users of the realm. None has a password here: an administrator gives a temporary one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_keycloak as keycloak

from components.base import Component
from components.identity.realm import team_group
from config.identity import UserSettings


@dataclass(frozen=True, kw_only=True)
class UsersArgs:
    """`groups` are ids by name: of the role's groups and of the teams' (`team_group`)."""

    realm: pulumi.Input[str]
    groups: Mapping[str, pulumi.Input[str]]
    users: Sequence[UserSettings]


class Users(Component, token="mlops:index:Users"):
    """Each user with exactly the groups of the settings; one without a role is in no role's group."""

    ids: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: UsersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.ids = {user.username: self._user(user, args) for user in args.users}
        self.register_outputs({"ids": self.ids})

    def _user(self, user: UserSettings, args: UsersArgs) -> pulumi.Output[str]:
        made = keycloak.User(
            self.child(user.username),
            realm_id=args.realm,
            username=user.username,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            enabled=True,
            required_actions=["UPDATE_PASSWORD"],
            opts=self.opts(),
        )
        keycloak.UserGroups(
            self.child(f"{user.username}-groups"),
            realm_id=args.realm,
            user_id=made.id,
            group_ids=[args.groups[name] for name in (*user.roles, *map(team_group, user.teams))],
            exhaustive=True,
            opts=self.opts(),
        )
        return made.id
