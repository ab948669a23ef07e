"""What a program would do: a preview that touches neither network nor state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import urn as urns
from engine.decide import Decision, Operation, clusters, decide, find, with_secrets
from engine.errors import ProviderError
from engine.events import Event, OnEvent, ignore
from engine.goal import Goal, Made, Outcome
from engine.packs import Answer, Packs, Violation
from engine.program import run_program
from engine.project import Project
from engine.providers import Providers, refusals
from engine.providers.base import Settings
from engine.row import Row
from engine.state import State
from engine.values import Properties, masked


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResource:
    """One resource of a plan. Secrets in `inputs` are masked, unknowns are Pulumi's own placeholder."""

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    cluster: str | None
    inputs: Properties = field(repr=False)
    dependencies: tuple[str, ...]
    operation: Operation
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All resources in the order in which they were registered, deletions last."""

    resources: tuple[PlannedResource, ...]
    violations: tuple[Violation, ...]
    outputs: Properties
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> dict[str, int]:
        """How many resources each operation has."""
        counts: dict[str, int] = {}
        for resource in self.resources:
            counts[resource.operation] = counts.get(resource.operation, 0) + 1
        return counts

    @property
    def graph(self) -> dict[str, tuple[str, ...]]:
        """Of each URN the URNs it needs: dependencies, provider, parent."""
        return {
            resource.urn: tuple(filter(None, (*resource.dependencies, resource.provider, resource.parent)))
            for resource in self.resources
        }

    @property
    def refused(self) -> bool:
        """Does a mandatory policy forbid it?"""
        return any(violation.mandatory for violation in self.violations)


def preview(
    project: Project,
    stack: str,
    *,
    packs: Sequence[Path] = (),
    pack_config: Mapping[Path, Path] | None = None,
    state: State | None = None,
    on_event: OnEvent = ignore,
) -> Plan:
    """Run the program and plan every resource it registers. Reads no cluster; `state` is optional.

    Raises Refusal for bad input and ProgramError if the program fails. What this engine could not apply is
    planned all the same and listed in `notes`.
    """
    config = project.stack_config(stack)
    rows = state.rows() if state is not None else {}
    with Packs.start(packs, pack_config or {}, project.name, stack, preview=True) as running:
        planner = Planner(project, rows, running, on_event)
        run_program(project, stack, planner, preview=True, config=config)
        return planner.plan()


class Planner:
    """The handler of a preview. Registrations come one after the other, in the program's own thread."""

    def __init__(self, project: Project, rows: Mapping[str, Row], packs: Packs, on_event: OnEvent) -> None:
        self._providers = Providers(Settings(root=project.root))
        self._rows = rows
        self._packs = packs
        self._on_event = on_event
        self._goals: dict[str, Goal] = {}
        self._decisions: dict[str, Decision] = {}
        self._clusters: dict[str, str | None] = {}
        self._claimed: set[str] = set()
        self._outputs: Properties = {}
        self._answers: list[Answer] = []
        self._notes: list[str] = []

    def precheck(self, types: Mapping[str, Made]) -> None:
        self._notes += refusals(types)

    def register(self, goal: Goal) -> Outcome:
        row = find(self._rows, goal)
        provider = self._providers.of(goal.provider, goal.urn) if goal.provider else None
        decision = decide(goal, row, provider, self._packs.amend(goal, self._decisions))
        if urns.is_provider(goal.type):
            self._clusters[goal.urn] = self._providers.configure(goal.urn, decision.inputs).cluster
        if row is not None:
            self._claimed.add(row.urn)
        self._judge(goal, decision)
        self._remember(goal, decision)
        if not goal.custom:
            return Outcome()
        if row is None or decision.operation == "replace":
            planned = provider.planned(decision.inputs) if provider is not None else None
            outputs = decision.inputs if planned is None else planned
            if (
                outputs is goal.inputs
                and goal.request is not None
                and not goal.options.additional_secret_outputs
            ):
                return Outcome()
            return Outcome(outputs=with_secrets(outputs, goal.options.additional_secret_outputs))
        return Outcome(id=row.id, outputs=row.outputs if decision.operation == "same" else decision.inputs)

    def read(self, goal: Goal, id_: str) -> Outcome:
        self._remember(goal, Decision(operation="read", inputs=goal.inputs))
        return Outcome(id=id_)

    def function(self, token: str, inputs: Properties, provider: str) -> Properties | None:
        """Asked of its server, as the real engine does; what cannot be asked yet is not known yet."""
        try:
            return self._providers.of(provider, token).function(token, inputs)
        except ProviderError:
            return None

    def outputs(self, urn: str, outputs: Properties) -> None:
        if urns.type_of(urn) == urns.STACK_TYPE:
            self._outputs = outputs

    def log(self, severity: str, message: str, urn: str) -> None:
        name = urns.name_of(urn) if urn else ""
        self._on_event(
            Event(kind="progress", urn=urn, name=name, cluster=None, operation=severity, message=message)
        )

    def plan(self) -> Plan:
        """The finished plan; call it when the program has ended."""
        found = clusters(self._goals, self._clusters)
        violations = [violation for answer in self._answers for violation in answer()]
        if self._packs.any:
            violations += self._packs.analyze_stack(self._goals, self._decisions)
            for event in self._packs.said():
                self._on_event(event)
        planned = [_planned(goal, self._decisions[urn], found[urn]) for urn, goal in self._goals.items()]
        gone = [
            _deleted(row)
            for urn, row in self._rows.items()
            if urn not in self._goals and urn not in self._claimed
        ]
        return Plan(
            resources=(*planned, *gone),
            violations=tuple(violations),
            outputs=masked(self._outputs),
            notes=tuple(self._notes),
        )

    def _judge(self, goal: Goal, decision: Decision) -> None:
        """Ask the packs and go on: they answer while the program runs.

        Only of the root stack is the answer waited for, because a pack may take up its settings with it.
        """
        if not self._packs.any:
            return
        answer = self._packs.ask(goal, decision.inputs, self._decisions)
        if goal.type == urns.STACK_TYPE:
            known = answer()
            self._answers.append(lambda: known)
        else:
            self._answers.append(answer)

    def _remember(self, goal: Goal, decision: Decision) -> None:
        self._goals[goal.urn] = goal
        self._decisions[goal.urn] = decision


def _planned(goal: Goal, decision: Decision, cluster: str | None) -> PlannedResource:
    return PlannedResource(
        urn=goal.urn,
        type=goal.type,
        name=goal.name,
        parent=goal.parent,
        provider=goal.provider,
        cluster=cluster,
        inputs=masked(decision.inputs),
        dependencies=goal.dependencies,
        operation=decision.operation,
        changed=decision.changed,
    )


def _deleted(row: Row) -> PlannedResource:
    return PlannedResource(
        urn=row.urn,
        type=row.type,
        name=row.name,
        parent=row.parent,
        provider=row.provider,
        cluster=row.cluster,
        inputs=masked(row.inputs),
        dependencies=row.dependencies,
        operation="delete",
    )


def as_json(plan: Plan) -> list[dict[str, Any]]:
    """The plan as plain data, one object a resource, as `mlops preview --json` prints it."""
    keys = ("urn", "type", "name", "parent", "provider", "cluster", "inputs", "dependencies", "operation")
    return [{key: getattr(resource, key) for key in keys} for resource in plan.resources]
