"""What a login asks for, read off the declared flows as Keycloak runs them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from components.identity.login_flow import LoginFlow, LoginFlowArgs
from config.access import Role
from tests.recorder import Declaration, Recorder, run

STEP, SUBFLOW = "Execution", "Subflow"


@cache
def recorded() -> Recorder:
    def program() -> None:
        LoginFlow("login", LoginFlowArgs(realm="realm-id"))

    return run(program)


def of_kind(*kinds: str) -> list[Declaration]:
    return [one for one in recorded().declarations if one.type.rpartition(":")[2] in kinds]


def binding() -> Declaration:
    (found,) = of_kind("Bindings")
    return found


def asked(flow: str, roles: set[str], *, session: bool = False) -> Iterator[str]:
    """The authenticators that a user has to pass: all that are required, or the first alternative that works."""
    steps = [one for one in of_kind(STEP, SUBFLOW) if one.inputs["parentFlowAlias"] == flow]
    for step in sorted(steps, key=lambda one: int(one.inputs["priority"])):
        authenticator, requirement = step.inputs.get("authenticator"), step.inputs["requirement"]
        if requirement == "ALTERNATIVE" and authenticator == "auth-cookie":
            if session:
                return
        elif authenticator == "conditional-user-role":
            (config,) = [
                one for one in of_kind("ExecutionConfig") if one.inputs["executionId"] == f"{step.name}-id"
            ]
            held = config.inputs["config"]["condUserRole"] in roles
            if requirement == "REQUIRED" and held == (config.inputs["config"]["negate"] == "true"):
                return
        elif authenticator is not None:
            yield from (authenticator,) if requirement == "REQUIRED" else ()
        elif requirement != "DISABLED":
            yield from asked(step.inputs["alias"], roles)


def login(*roles: str, session: bool = False) -> list[str]:
    return list(asked(binding().inputs["browserFlow"], set(roles), session=session))


PASSWORD, ONE_TIME = "auth-username-password-form", "auth-otp-form"


def test_an_administrator_gives_a_password_and_then_a_one_time_password() -> None:
    assert login(Role.ADMIN) == [PASSWORD, ONE_TIME]
    assert login(Role.VIEWER, Role.ADMIN) == [PASSWORD, ONE_TIME]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_who_is_no_administrator_gives_a_password(role: Role) -> None:
    assert login(role) == [PASSWORD]


def test_who_has_a_session_is_asked_nothing_again() -> None:
    assert login(Role.ADMIN, session=True) == []


def test_no_client_of_the_realm_gets_a_token_for_a_password_alone() -> None:
    """Keycloak's own `admin-cli` has the password grant switched on in every realm."""
    flow = binding().inputs["directGrantFlow"]
    assert list(asked(flow, {Role.ADMIN})) == ["deny-access-authenticator"]


def test_the_flows_are_bound_once_they_are_complete() -> None:
    """Bound earlier, the flow would ask an administrator for less than it should, or lock everybody out."""
    parts = {one.name for one in of_kind("Flow", STEP, "ExecutionConfig")}
    assert len(parts) == 8
    assert parts <= binding().dependencies


def test_every_part_belongs_to_the_realm_and_is_named_for_its_component() -> None:
    assert {one.inputs["realmId"] for one in recorded().declarations if not one.is_component} == {"realm-id"}
    assert recorded().misnamed() == []
