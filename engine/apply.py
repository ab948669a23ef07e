"""The handler of an `up`: applies each resource when it is registered, and remembers it before and after."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping

from engine import urn as urns
from engine.actions import Actions
from engine.decide import Decision, decide, find
from engine.errors import (
    ClusterUnreachable,
    Interrupted,
    NotOurs,
    ObjectRefused,
    ProviderError,
    RegistrationError,
)
from engine.events import Event
from engine.goal import Goal, Made, Outcome
from engine.packs import Packs, Violation
from engine.providers import Providers, refusal, refusals
from engine.providers.base import Live, Provider
from engine.record import Record, Step
from engine.row import Row
from engine.state import State
from engine.values import Properties, has_unknown


class Applier:
    """Registrations arrive in several threads; each blocks until its resource is as asked for.

    A resource that fails, and all that needs it, is answered with a failure, so that the program goes on with
    everything else.
    """

    def __init__(self, state: State, providers: Providers, packs: Packs, record: Record) -> None:
        self.goals: dict[str, Goal] = {}
        self.decisions: dict[str, Decision] = {}
        self.claimed: set[str] = set()
        self.violations: list[Violation] = []
        self.stack_outputs: Properties = {}
        self._actions = Actions(state, providers, self.goals)
        self._providers = providers
        self._packs = packs
        self._record = record
        self._refused: RegistrationError | None = None
        self._lock = threading.Lock()

    def precheck(self, types: Mapping[str, Made]) -> None:
        reasons = refusals(types)
        if reasons:
            # The SDK still sends what the program made before it hands the error on: refuse each of them.
            self._refused = RegistrationError("nothing was applied:\n" + "\n".join(reasons))
            raise self._refused

    def register(self, goal: Goal) -> Outcome:
        if self._refused is not None:
            raise self._refused
        held = "interrupted" if self._providers.stopped else self._held(goal)
        row = find(self._actions.olds, goal)
        with self._lock:
            self.goals[goal.urn] = goal
            if row is not None:
                self._claim(row, goal)
        if held:
            return self._skip(goal, held)
        provider = self._providers.of(goal.provider, goal.urn) if goal.provider else None
        if provider is not None and (reason := refusal(goal.type, goal.name)):
            return self._fail(goal, reason)
        decision = decide(goal, row, provider, self._packs.amend(goal, self.decisions))
        with self._lock:
            self.decisions[goal.urn] = decision
        if has_unknown(decision.inputs) and goal.custom:
            return self._skip(goal, "one of its inputs could not be determined")
        violations = self._packs.analyze(goal, decision.inputs, self.decisions)
        with self._lock:
            self.violations += violations
        forbidden = [violation for violation in violations if violation.mandatory]
        if forbidden:
            return self._fail(goal, "; ".join(f"policy {v.pack}/{v.policy}: {v.message}" for v in forbidden))
        if provider is None:
            return self._local(goal, decision)
        return self._remote(goal, decision, provider)

    def read(self, goal: Goal, id_: str) -> Outcome:
        with self._lock:
            self.goals[goal.urn] = goal
        held = self._held(goal)
        if held:
            return self._skip(goal, held)
        provider = self._providers.of(goal.provider, goal.urn)
        step = Step(self._record, goal.urn, goal.name, provider.cluster, "read")
        try:
            live = provider.read(self._actions.action(goal, goal.inputs, None, step), id_)
        except ProviderError as error:
            return self._broken(goal, error, step)
        self._record.count("read")
        return Outcome(id=live.id, outputs=live.outputs)

    def function(self, token: str, inputs: Properties, provider: str) -> Properties | None:
        if self._refused is not None:
            raise self._refused
        try:
            return self._providers.of(provider, token).function(token, inputs)
        except ProviderError as error:
            raise RegistrationError(f"{token}: {error}") from error

    def outputs(self, urn: str, outputs: Properties) -> None:
        if urns.type_of(urn) == urns.STACK_TYPE:
            self.stack_outputs = outputs

    def log(self, severity: str, message: str, urn: str) -> None:
        name = urns.name_of(urn) if urn else ""
        self._record.tell(
            Event(kind="progress", urn=urn, name=name, cluster=None, operation=severity, message=message)
        )

    def _held(self, goal: Goal) -> str:
        """Why a goal cannot be worked on: what it needs failed or was skipped."""
        for urn in goal.needs:
            if self._record.settled(urn):
                return f"{urns.name_of(urn)} ({urns.type_of(urn)}) failed or was skipped"
        return ""

    def _claim(self, row: Row, goal: Goal) -> None:
        if row.urn in self.claimed:
            raise RegistrationError(f"{goal.urn}: its alias {row.urn} is another resource of this program")
        self.claimed.add(row.urn)

    def _local(self, goal: Goal, decision: Decision) -> Outcome:
        """Components and provider resources: they exist in the state only."""
        row = decision.row
        id_ = ""
        if urns.is_provider(goal.type):
            cluster = self._providers.configure(goal.urn, decision.inputs).cluster
            id_ = row.id if row is not None and decision.operation != "replace" else str(uuid.uuid4())
        else:
            cluster = None
        outputs = decision.inputs if urns.is_provider(goal.type) else {}
        self._actions.confirm(goal, decision, Live(id=id_, outputs=outputs), cluster)
        self._record.count(decision.operation)
        return Outcome(id=id_)

    def _remote(self, goal: Goal, decision: Decision, provider: Provider) -> Outcome:
        row, operation = decision.row, decision.operation
        if operation == "same" and row is not None:
            if not self._actions.must_act(goal, row):
                live = self._actions.confirm(
                    goal, decision, Live(id=row.id, outputs=row.outputs), provider.cluster
                )
                self._record.count("same")
                return Outcome(id=live.id, outputs=live.outputs)
            operation = "update"
        self._record.touched = True
        step = Step(self._record, goal.urn, goal.name, provider.cluster, operation)
        try:
            with step.shown():
                live = self._actions.act(goal, decision, provider, step)
        except ProviderError as error:
            return self._broken(goal, error, step, decision)
        self._record.count(step.operation)
        return Outcome(id=live.id, outputs=live.outputs)

    def _broken(
        self, goal: Goal, error: ProviderError, step: Step, decision: Decision | None = None
    ) -> Outcome:
        """An action failed: keep what is there, and know what may be half done."""
        if decision is not None and isinstance(error.live, Live):
            cluster = self._providers.of(goal.provider, goal.urn).cluster
            self._actions.keep(goal, decision, error.live, cluster, unfinished=True)
        elif isinstance(error, (ObjectRefused, NotOurs)):
            self._actions.settle(goal)
        if isinstance(error, Interrupted):
            return self._skip(goal, str(error))
        if isinstance(error, ClusterUnreachable):
            first = self._record.fail(goal.provider, str(error))
            if first:
                step.tell("failed", str(error))
            return self._skip(goal, str(error))
        return self._fail(goal, str(error), step)

    def _fail(self, goal: Goal, message: str, step: Step | None = None) -> Outcome:
        self._record.fail(goal.urn, message)
        (step or Step(self._record, goal.urn, goal.name, None, "create")).tell("failed", message)
        return Outcome(failed=True)

    def _skip(self, goal: Goal, reason: str) -> Outcome:
        self._record.skip(goal.urn, reason)
        Step(self._record, goal.urn, goal.name, None, "skip").tell("skipped", reason)
        return Outcome(skipped=True)
