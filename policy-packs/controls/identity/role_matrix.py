"""ID-10. Source: the platform's permission matrix: six roles, each with one name everywhere.

Judged where the realm's roles are part of the stack. Which verbs a role holds is the program's own table; this
control holds that realm, bindings, secret store and tracking speak of the same six and of nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from controls.control import Control, Severity
from controls.fields import quoted, text
from controls.identity.rbac import BINDINGS, subjects
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack

ROLES: Final = ("admin", "ml-engineer", "data-engineer", "mlops-engineer", "labeler", "viewer")
PERMISSIONS: Final = "permissions.json"
"""Key of a ConfigMap in which a server is told what each role may do, by role below each permission."""

_ROLE: Final = "keycloak:index/role:Role"
_GROUP: Final = "keycloak:index/group:Group"
_USER_ROLES: Final = "keycloak:index/userRoles:UserRoles"
_CLAIM: Final = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper"
_LOGIN: Final = "vault:jwt/authBackendRole:AuthBackendRole"
_POLICY: Final = "vault:index/policy:Policy"


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    roles = {
        text(one.fields.value("name")): one for one in stack.of(_ROLE) if not one.fields.value("clientId")
    }
    if not roles:
        return
    yield from _realm(stack, roles)
    for one in stack.of(_USER_ROLES):
        yield one, "gives roles to one user; put the user into the role's group"
    claims = {*roles, *(name for one in stack.of(_CLAIM) for name in _claimed(one))}
    for binding in stack.of(*BINDINGS):
        for where, subject in subjects(binding):
            kind, name = subject.value("kind"), text(subject.value("name"))
            if name.startswith("system:") or kind == "ServiceAccount":
                continue
            if kind != "Group":
                yield binding, f"{where} is no group; bind the group of a role"
            elif name.rpartition(":")[2] not in claims:
                yield (
                    binding,
                    f"{where} is a group that no token of the realm names; bind the group of a role",
                )
    yield from _secret_store(stack, roles)
    for one in stack.of("ConfigMap"):
        if one.fields.section("data").value(PERMISSIONS) is not None:
            yield from _permissions(one)


def _realm(stack: Stack, roles: Mapping[str, Item]) -> Iterator[tuple[Item, str]]:
    groups = {text(one.fields.value("name")) for one in stack.of(_GROUP)}
    anywhere = next(iter(roles.values()))
    for role in ROLES:
        if role not in roles:
            yield anywhere, f"the realm has no role {role}; declare all six"
        elif role not in groups:
            yield roles[role], f"no group of the realm is called {role}; declare it"


def _secret_store(stack: Stack, roles: Mapping[str, Item]) -> Iterator[tuple[Item, str]]:
    policies = {one.given_name for one in stack.of(_POLICY)}
    logins = {text(one.fields.value("roleName")): one for one in stack.of(_LOGIN)}
    for role in ROLES:
        if policies and role in roles and role not in logins:
            yield roles[role], f"the secret store has no login role {role}; declare it"
    for name, login in logins.items():
        if name not in ROLES:
            yield login, f"{quoted(name)} is none of the six roles; remove it"
            continue
        claims = [value for _, value in login.fields.section("boundClaims").present()]
        if claims != [name]:
            yield login, f"boundClaims do not ask for exactly {name}; name the role of the login"
        given = login.fields.values("tokenPolicies")
        if len(given) != 1 or not isinstance(given[0], str):
            yield login, "tokenPolicies are not exactly one known policy; name the one of the role"
        elif given[0] not in policies:
            yield (
                login,
                f"tokenPolicies name {quoted(given[0])}, which the stack does not declare; declare it",
            )
        elif given[0] != name and not given[0].endswith(f"-{name}"):
            yield login, f"tokenPolicies name the policy of another role; name the one of {name}"


def _permissions(config: Item) -> Iterator[tuple[Item, str]]:
    table = _parsed(config.fields.section("data").value(PERMISSIONS))
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        yield config, f"{PERMISSIONS} is no table of grants; write the grant of each role for each permission"
        return
    for name, row in table.items():
        if set(row) != set(ROLES):
            yield (
                config,
                f"{PERMISSIONS} has no grant for exactly the six roles under {quoted(name)}; add them",
            )


def _claimed(mapper: Item) -> Iterator[str]:
    value = mapper.fields.value("claimValue")
    found = _parsed(value)
    for one in found if isinstance(found, list) else [value]:
        yield text(one)


def _parsed(value: object) -> object:
    try:
        return json.loads(text(value))
    except (ValueError, RecursionError):
        return None


BAD = "".join(
    f"- {{type: '{_ROLE}', name: {role}, properties: {{name: {role}}}}}\n"
    f"- {{type: '{_GROUP}', name: group-{role}, properties: {{name: {role}}}}}\n"
    for role in ROLES
    if role != "viewer"
)

GOOD = f"""\
{BAD}- {{type: '{_ROLE}', name: viewer, properties: {{name: viewer}}}}
- {{type: '{_GROUP}', name: group-viewer, properties: {{name: viewer}}}}
"""

CONTROL = Control(
    id="ID-10",
    title=(
        "The six roles are exactly the matrix: Keycloak group, RoleBinding, Vault policy and KFP/MLflow permission of "
        "one role name each other, and nothing else is bound"
    ),
    severity=Severity.HIGH,
    anchors=("CIS 5.1.x",),
    why="A role that means one thing to the API server and another to the secret store gives rights nobody decided.",
    fix="Derive realm, bindings, policies and permissions from one table with the six roles.",
    bad=BAD,
    good=GOOD,
    check_stack=check_stack,
)
