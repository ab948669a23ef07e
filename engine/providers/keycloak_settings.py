"""Settings that every realm has: they are never made, and deleting them means Keycloak's own again."""

from __future__ import annotations

from engine.errors import ProviderError
from engine.providers.base import Live
from engine.providers.keycloak_fields import Field, rendered
from engine.providers.keycloak_objects import REALM
from engine.providers.keycloak_server import path, there
from engine.providers.keycloak_work import Kind, Work, named
from engine.values import Properties


class Bindings(Kind):
    """Which flow each way of logging in takes, by the flows' aliases."""

    fields = (
        REALM,
        Field("browserFlow", initial="browser"),
        Field("registrationFlow", initial="registration"),
        Field("directGrantFlow", initial="direct grant"),
        Field("resetCredentialsFlow", initial="reset credentials"),
        Field("clientAuthenticationFlow", initial="clients"),
        Field("dockerAuthenticationFlow", initial="docker auth"),
        Field("firstBrokerLoginFlow", initial="first broker login"),
    )
    fixed = frozenset(("realmId",))

    def create(self, work: Work) -> Live:
        work.server.put(path(work.realm), rendered(self.fields, work.given))
        return self.live(work, work.realm)

    def update(self, work: Work) -> Live:
        work.server.put(path(work.realm), rendered(self.fields, work.given, {}))
        return self.live(work, work.realm)

    def delete(self, work: Work) -> None:
        if work.server.get(path(work.realm)) is not None:
            work.server.put(path(work.realm), rendered(self.fields, {}))


class RealmEvents(Kind):
    """What is recorded of logins and of what administrators do."""

    fields = (
        REALM,
        Field("adminEventsDetailsEnabled", default=False),
        Field("adminEventsEnabled", default=False),
        Field("enabledEventTypes", default=[]),
        Field("eventsEnabled", default=False),
        Field("eventsExpiration", default=0),
        Field("eventsListeners"),
    )
    fixed = frozenset(("realmId",))

    def create(self, work: Work) -> Live:
        self._put(work, work.given)
        return self.live(work, work.realm)

    def update(self, work: Work) -> Live:
        return self.create(work)

    def delete(self, work: Work) -> None:
        if work.server.get(path(work.realm)) is not None:
            self._put(work, {})

    def _put(self, work: Work, given: Properties) -> None:
        work.server.put(path(work.realm, "events", "config"), rendered(self.fields, given))


class RequiredActions(Kind):
    """What a user may have to do after a login. Its id is `<realm>/<alias>`."""

    fields = (
        REALM,
        Field("alias"),
        Field("name"),
        Field("enabled", default=False),
        Field("defaultAction", default=False),
        Field("priority"),
        Field("config", default={}),
    )
    fixed = frozenset(("realmId", "alias"))

    def create(self, work: Work) -> Live:
        if work.given.get("defaultAction") and not work.given.get("enabled"):
            raise ProviderError("a default action has to be enabled")
        alias = str(work.given["alias"])
        flows = path(work.realm, "authentication")
        unregistered = named(work.server.get(f"{flows}/unregistered-required-actions"), providerId=alias)
        if unregistered is not None:
            work.server.post(f"{flows}/register-required-action", unregistered)
        current = there(work.server.get(self._where(work)), f"required action {alias} on this server")
        work.server.put(self._where(work), {**current, **rendered(self.fields, work.given, current)})
        return self.live(work, f"{work.realm}/{alias}")

    def update(self, work: Work) -> Live:
        return self.create(work)

    def delete(self, work: Work) -> None:
        work.server.delete(self._where(work))

    def _where(self, work: Work) -> str:
        return path(work.realm, "authentication", "required-actions", str(work.given["alias"]))
