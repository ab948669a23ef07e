"""Acts on one resource at a time, and writes down before and after what it does."""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping
from dataclasses import replace

from engine.decide import Decision, with_secrets
from engine.errors import ObjectRefused, ProviderError
from engine.goal import Goal
from engine.providers import Providers
from engine.providers.base import Action, Live, Provider
from engine.record import Step
from engine.row import Row, uid_of
from engine.state import State
from engine.values import Properties


class Actions:
    """The actions of one `up`. Usable from several threads.

    `olds` are the rows at its start, `registered` the URNs that the program has registered so far.
    """

    def __init__(self, state: State, providers: Providers, registered: Container[str]) -> None:
        self.olds: Mapping[str, Row] = state.rows()
        self._pending = state.pending()
        self._state = state
        self._providers = providers
        self._registered = registered
        self._replaced: set[str] = set()
        self._owners = {uid: row.urn for row in self.olds.values() if (uid := uid_of(row))}
        self._lock = threading.Lock()

    def must_act(self, goal: Goal, row: Row) -> bool:
        """Must an unchanged resource be applied all the same?

        Yes if an earlier action on it was interrupted, or what it needs was replaced and may have taken it along.
        """
        return self._resumed(goal, row) or not self._replaced.isdisjoint(goal.needs)

    def act(self, goal: Goal, decision: Decision, provider: Provider, step: Step) -> Live:
        """Create, update or replace. Sets the step's operation if an update turns into a replacement."""
        options, row = goal.options, decision.row
        action = self.action(goal, decision.inputs, row, step)
        if step.operation == "update":
            self._state.begin(goal.urn, "update")
            try:
                live = provider.update(replace(action, timeout=options.timeouts.update))
                return self.keep(goal, decision, live, provider.cluster)
            except ObjectRefused as error:
                if not error.immutable or row is None:
                    raise
                step.operation = "replace"
                step.progress("a field that cannot be changed did change: it is replaced")
        if step.operation == "replace" and row is not None:
            self._replace(goal, row, provider, action)
            action = replace(action, old=None)
        self._state.begin(goal.urn, "create")
        return self.keep(goal, decision, provider.create(action), provider.cluster)

    def action(self, goal: Goal, inputs: Properties, row: Row | None, step: Step) -> Action:
        """What a provider needs to know."""
        return Action(
            urn=goal.urn,
            name=goal.name,
            type=goal.type,
            inputs=inputs,
            old=row,
            resumed=self._resumed(goal, row),
            timeout=goal.options.timeouts.create,
            import_id=goal.options.import_id,
            owners=lambda uid: self._other_owner(uid, goal),
            progress=step.progress,
        )

    def keep(
        self, goal: Goal, decision: Decision, live: Live, cluster: str | None, *, unfinished: bool = False
    ) -> Live:
        """Write what an action left behind."""
        row = self._row(goal, decision, live, cluster)
        formerly = decision.row.urn if decision.row is not None else ""
        self._state.put(row, formerly=formerly, unfinished=unfinished)
        uid = uid_of(row)
        if uid:
            with self._lock:
                self._owners[uid] = goal.urn
        return Live(id=row.id, outputs=row.outputs)

    def confirm(self, goal: Goal, decision: Decision, live: Live, cluster: str | None) -> Live:
        """Write a resource that was not acted on, if anything about it is news."""
        row = self._row(goal, decision, live, cluster)
        if row != decision.row:
            self._state.put(row, formerly=decision.row.urn if decision.row is not None else "")
        return Live(id=row.id, outputs=row.outputs)

    def settle(self, goal: Goal) -> None:
        """An action was refused and left nothing behind."""
        self._state.settle(goal.urn)

    def _replace(self, goal: Goal, row: Row, provider: Provider, action: Action) -> None:
        """Delete the old object, where it is, before the new one is made."""
        if row.options.protect:
            raise ProviderError(
                f"{goal.name} ({goal.type}) cannot be replaced because it is protected; "
                "apply it once with protect=False first"
            )
        with self._lock:
            self._replaced.add(goal.urn)
        if row.urn != goal.urn:
            self._state.put(replace(row, urn=goal.urn), formerly=row.urn)
        self._state.begin(goal.urn, "replace")
        holder = provider
        if row.cluster != provider.cluster and row.provider in self.olds:
            holder = self._providers.temporary(row.provider, self.olds[row.provider].inputs)
        holder.delete(replace(action, inputs=row.inputs, old=row, timeout=goal.options.timeouts.delete))
        self._state.forget(goal.urn, then="create")

    def _resumed(self, goal: Goal, row: Row | None) -> bool:
        """Was an action on it interrupted?"""
        return goal.urn in self._pending or (row is not None and row.urn in self._pending)

    def _other_owner(self, uid: str, goal: Goal) -> str:
        """Who else of this program holds an object; one that it no longer registers may hand it over (a rename)."""
        with self._lock:
            found = self._owners.get(uid, "")
        return "" if found in (goal.urn, *goal.aliases) or found not in self._registered else found

    def _row(self, goal: Goal, decision: Decision, live: Live, cluster: str | None) -> Row:
        return Row(
            urn=goal.urn,
            type=goal.type,
            custom=goal.custom,
            id=live.id,
            parent=goal.parent,
            provider=goal.provider,
            cluster=cluster,
            inputs=decision.inputs,
            outputs=with_secrets(live.outputs, goal.options.additional_secret_outputs),
            dependencies=goal.dependencies,
            property_dependencies=goal.property_dependencies,
            options=goal.options,
        )
