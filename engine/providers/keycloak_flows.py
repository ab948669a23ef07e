"""Authentication flows, and the steps and flows inside of them.

Keycloak finds the parent of a step by the parent's alias, and tells a step's requirement and priority in the
list of its parent's steps only.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import ClassVar, Final

from engine.providers.base import Live
from engine.providers.keycloak_fields import Field, rendered
from engine.providers.keycloak_objects import REALM, Objects
from engine.providers.keycloak_server import below, path, there
from engine.providers.keycloak_work import Work, named
from engine.values import Properties

_REQUIREMENTS: Final = ("REQUIRED", "ALTERNATIVE", "OPTIONAL", "CONDITIONAL", "DISABLED")
_PARENT: Final = Field("parentFlowAlias", None)
_STEP: Final = (Field("requirement", None, "DISABLED", choices=_REQUIREMENTS), Field("priority", None))


class Flows(Objects):
    """Flows that stand by themselves; a copy has all the steps of its source."""

    fields = (
        REALM,
        Field("copyFrom", None),
        Field("alias"),
        Field("providerId", default="basic-flow", choices=("basic-flow", "client-flow")),
        Field("description"),
    )
    fixed = frozenset(("realmId", "copyFrom"))
    autonamed = ("alias",)
    constants = MappingProxyType({"topLevel": True, "builtIn": False})

    def collection(self, work: Work) -> str:
        return path(work.realm, "authentication", "flows")

    def find(self, work: Work) -> Properties | None:
        return named(work.server.get(self.collection(work)), alias=work.given["alias"])

    def make(self, work: Work) -> str:
        source = work.given.get("copyFrom")
        if not source:
            return super().make(work)
        return work.server.post(
            below(self.collection(work), str(source), "copy"), {"newName": work.given["alias"]}
        )

    def body(self, work: Work, current: Properties | None, *, stated: bool = False) -> Properties:
        own = super().body(work, current, stated=stated)
        if work.given.get("copyFrom"):
            del own["providerId"]  # it is the source's
        return own

    def complete(self, work: Work, id_: str) -> None:
        """A copy is made without its own description."""
        if work.given.get("copyFrom") and work.given.get("description") is not None:
            current = there(work.server.get(self.item(work, id_)), "copy of this flow")
            work.server.put(self.item(work, id_), {**current, **self.body(work, current)})


class _Steps(Objects):
    """What stands in the list of a flow's steps."""

    kind: ClassVar[str]
    fixed = frozenset(("realmId", "parentFlowAlias", "authenticator"))

    def collection(self, work: Work) -> str:
        return f"{self._steps(work)}/{self.kind}"

    def steps(self, work: Work) -> list[Properties]:
        """All steps of the parent and of the flows in it; none if the parent is gone."""
        return list(work.server.get(self._steps(work)) or ())

    def place(self, work: Work, step: str) -> None:
        """State requirement and priority of a step, by the step's own id."""
        priority = work.given.get("priority")
        stated = {"priority": priority} if priority else {}
        requirement = work.given.get("requirement") or "DISABLED"
        work.server.put(self._steps(work), {"id": step, "requirement": requirement, **stated})

    def import_id(self, work: Work, found: Properties) -> str:
        return f"{work.realm}/{work.given['parentFlowAlias']}/{found['id']}"

    def change(self, work: Work, current: Properties) -> Live:
        return self.finish(work, self.identity(current))

    def _steps(self, work: Work) -> str:
        return path(work.realm, "authentication", "flows", str(work.given["parentFlowAlias"]), "executions")


class Executions(_Steps):
    """Steps that do something."""

    fields = (REALM, _PARENT, Field("authenticator", "provider"), *_STEP)
    kind = "execution"

    def item(self, work: Work, id_: str) -> str:
        return path(work.realm, "authentication", "executions", id_)

    def find(self, work: Work) -> Properties | None:
        return named(self.steps(work), level=0, providerId=work.given["authenticator"])

    def complete(self, work: Work, id_: str) -> None:
        self.place(work, id_)


class Subflows(_Steps):
    """Flows inside of another one. Its id is the flow's; the step that holds it has another."""

    fields = (
        REALM,
        _PARENT,
        Field("alias"),
        Field("providerId", "type", "basic-flow", choices=("basic-flow", "form-flow", "client-flow")),
        Field("description", default=""),
        Field("authenticator", "provider", ""),
        *_STEP,
    )
    autonamed = ("alias",)
    kind = "flow"

    def item(self, work: Work, id_: str) -> str:
        return path(work.realm, "authentication", "flows", id_)

    def find(self, work: Work) -> Properties | None:
        step = named(self.steps(work), level=0, authenticationFlow=True, displayName=work.given["alias"])
        return None if step is None else {"id": step["flowId"]}

    def complete(self, work: Work, id_: str) -> None:
        own = rendered(self.fields, work.given)
        flow = {"alias": own["alias"], "description": own["description"], "providerId": own["type"]}
        work.server.put(self.item(work, id_), {"id": id_, "topLevel": False, "builtIn": False, **flow})
        step = there(named(self.steps(work), flowId=id_), f"flow {own['alias']} in its parent")
        self.place(work, step["id"])

    def delete(self, work: Work) -> None:
        step = named(self.steps(work), flowId=work.id)
        if step is not None:
            work.server.delete(path(work.realm, "authentication", "executions", step["id"]))


class ExecutionConfigs(Objects):
    """The configuration of a step."""

    fields = (REALM, Field("executionId", None), Field("alias"), Field("config"))
    fixed = frozenset(("realmId", "executionId", "alias"))
    autonamed = ("alias",)

    def collection(self, work: Work) -> str:
        return path(work.realm, "authentication", "executions", str(work.given["executionId"]), "config")

    def item(self, work: Work, id_: str) -> str:
        return path(work.realm, "authentication", "config", id_)

    def find(self, work: Work) -> Properties | None:
        step = work.server.get(
            path(work.realm, "authentication", "executions", str(work.given["executionId"]))
        )
        config = (step or {}).get("authenticatorConfig")
        found: Properties | None = work.server.get(self.item(work, config)) if config else None
        return found

    def import_id(self, work: Work, found: Properties) -> str:
        return f"{work.realm}/{work.given['executionId']}/{found['id']}"
