"""The keycloak provider: realms and what is in them, by Keycloak's admin API.

It does what pulumi-keycloak 6.14 does with the same inputs; `KINDS` is all that it knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import ClassVar, Final

from engine.diff import Path
from engine.errors import ClusterUnreachable, Interrupted, ProviderError, RegistrationError
from engine.goal import Goal
from engine.providers import keycloak_clients as clients
from engine.providers import keycloak_flows as flows
from engine.providers import keycloak_links as links
from engine.providers import keycloak_people as people
from engine.providers import keycloak_settings as settings_of
from engine.providers.base import Action, Live, Provider, Settings
from engine.providers.bridged import stated
from engine.providers.keycloak_access import Access
from engine.providers.keycloak_fields import problems
from engine.providers.keycloak_lookups import FUNCTIONS
from engine.providers.keycloak_mappers import MAPPERS
from engine.providers.keycloak_realms import Realms
from engine.providers.keycloak_server import Server
from engine.providers.keycloak_work import Kind, Work
from engine.row import Row
from engine.values import SECRET_TEXT, Properties, Secret, has_unknown, plain, secret_texts

KINDS: Final[dict[str, Kind]] = {
    "keycloak:authentication/bindings:Bindings": settings_of.Bindings(),
    "keycloak:authentication/execution:Execution": flows.Executions(),
    "keycloak:authentication/executionConfig:ExecutionConfig": flows.ExecutionConfigs(),
    "keycloak:authentication/flow:Flow": flows.Flows(),
    "keycloak:authentication/subflow:Subflow": flows.Subflows(),
    "keycloak:index/defaultGroups:DefaultGroups": links.DefaultGroups(),
    "keycloak:index/genericRoleMapper:GenericRoleMapper": links.RoleMapper(),
    "keycloak:index/group:Group": people.Groups(),
    "keycloak:index/groupRoles:GroupRoles": links.GroupRoles(),
    "keycloak:index/realm:Realm": Realms(),
    "keycloak:index/realmEvents:RealmEvents": settings_of.RealmEvents(),
    "keycloak:index/realmKeystoreRsaGenerated:RealmKeystoreRsaGenerated": people.Keystores(),
    "keycloak:index/requiredAction:RequiredAction": settings_of.RequiredActions(),
    "keycloak:index/role:Role": people.Roles(),
    "keycloak:index/user:User": people.Users(),
    "keycloak:index/userGroups:UserGroups": links.UserGroups(),
    "keycloak:openid/client:Client": clients.Clients(),
    "keycloak:openid/clientDefaultScopes:ClientDefaultScopes": links.ScopesOfClient("default", "optional"),
    "keycloak:openid/clientOptionalScopes:ClientOptionalScopes": links.ScopesOfClient("optional", "default"),
    "keycloak:openid/clientScope:ClientScope": clients.ClientScopes(),
    **MAPPERS,
}


class KeycloakProvider(Provider):
    """One server and the service account that works on it. What is missing in its configuration is told at first use.

    It has no `cluster`: the URL of a server may change, and its objects are the same then.
    """

    package: ClassVar[str] = "keycloak"

    def __init__(self, urn: str, inputs: Properties, settings: Settings) -> None:
        self._server = Server(Access.of(urn, inputs, settings))

    @staticmethod
    def refusal(type_: str) -> str:
        if type_ in KINDS:
            return ""
        return "this engine does not apply it; run with --engine pulumi"

    def check(self, goal: Goal, old: Row | None) -> Properties:
        """Completes names as the real provider does: the logical one with a random end, kept from then on.

        One of Keycloak's own objects keeps the name that it has. Inputs with a secret in them become secret.
        """
        kind = KINDS.get(goal.type)
        if kind is None:
            return goal.inputs
        inputs = stated(goal.inputs)
        wrong = problems(kind.fields, inputs)
        if wrong:
            raise RegistrationError(f"{goal.urn}: {'; '.join(wrong)}")
        more: Properties = {
            name: Secret(plain(inputs[name]))
            for name in kind.sensitive
            if name in inputs and not has_unknown(inputs[name])
        }
        if inputs.get("import") is not True:
            for name in kind.autonamed:
                if name not in inputs and any(field.name == name for field in kind.fields):
                    kept = old.inputs.get(name) if old is not None else None
                    more[name] = kept or f"{goal.name}-{secrets.token_hex(4)[:7]}"
        return {**inputs, **more} if more else inputs

    def replaces(self, type_: str, inputs: Properties, changed: Iterable[Path]) -> list[Path]:
        del inputs
        return [path for path in changed if path[0] in KINDS[type_].fixed]

    def create(self, action: Action) -> Live:
        with _Explained(action):
            return KINDS[action.type].create(self._work(action))

    def update(self, action: Action) -> Live:
        with _Explained(action):
            return KINDS[action.type].update(self._work(action))

    def delete(self, action: Action) -> None:
        with _Explained(action):
            KINDS[action.type].delete(self._work(action))

    def function(self, token: str, inputs: Properties) -> Properties:
        answer = FUNCTIONS.get(token)
        return super().function(token, inputs) if answer is None else answer(self._server, plain(inputs))

    def close(self) -> None:
        self._server.close()

    def _work(self, action: Action) -> Work:
        return Work(server=self._server, action=action)


class _Explained:
    """Puts the resource's name and type before what went wrong, and takes secrets out of it."""

    def __init__(self, action: Action) -> None:
        self._action = action

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        action = self._action
        place = f"{action.name} ({action.type})"
        if isinstance(error, (KeyError, TypeError, ValueError)):
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            raise ProviderError(self._hidden(f"{place}: its inputs cannot be used: {reason}")) from None
        if isinstance(error, ProviderError) and not isinstance(error, (ClusterUnreachable, Interrupted)):
            error.args = (f"{place}: {self._hidden(str(error))}",)

    def _hidden(self, text: str) -> str:
        old = self._action.old
        shown = (self._action.inputs, old.inputs if old else None, old.outputs if old else None)
        for secret in secret_texts(shown):
            text = text.replace(secret, SECRET_TEXT)
        return text
