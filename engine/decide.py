"""What is to be done for a goal, given what the state remembers. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from engine import diff
from engine import urn as urns
from engine.goal import Goal
from engine.providers.base import Provider
from engine.row import Row
from engine.values import Properties, Secret

Amend = Callable[[Properties], Properties]
Operation = Literal["create", "update", "replace", "delete", "same", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The operation, the inputs it works with, the row it starts from and which paths changed."""

    operation: Operation
    inputs: Properties
    row: Row | None = None
    changed: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


def find(rows: Mapping[str, Row], goal: Goal) -> Row | None:
    """The row of a goal: by its URN, else by the first alias that the state knows."""
    return next((rows[urn] for urn in (goal.urn, *goal.aliases) if urn in rows), None)


def decide(goal: Goal, row: Row | None, provider: Provider | None, amend: Amend | None = None) -> Decision:
    """Compare a goal with its row. `provider` is None for components and provider resources.

    `amend` may change the checked inputs (policies that remediate do).
    """
    if row is not None and goal.options.ignore_changes:
        goal = replace(goal, inputs=diff.keep_ignored(goal.inputs, row.inputs, goal.options.ignore_changes))
    inputs = goal.inputs if provider is None else provider.check(goal, row)
    if amend is not None:
        inputs = amend(inputs)
    if row is None:
        return Decision(operation="create", inputs=inputs)
    if goal.options.ignore_changes:
        inputs = diff.keep_ignored(inputs, row.inputs, goal.options.ignore_changes)
    changed = list(diff.changed_paths(row.inputs, inputs))
    if not goal.custom:  # a component is compared by nobody: its children are
        return Decision(operation="same", inputs=inputs, row=row)
    replaces = _replaces(goal, row, provider, inputs, changed)
    texts = tuple(sorted(map(diff.text, changed)))
    if replaces:
        return Decision(
            operation="replace",
            inputs=inputs,
            row=row,
            changed=texts,
            replaces=tuple(sorted(map(diff.text, replaces))),
        )
    return Decision(operation="update" if changed else "same", inputs=inputs, row=row, changed=texts)


def _replaces(
    goal: Goal, row: Row, provider: Provider | None, inputs: Properties, changed: list[diff.Path]
) -> list[diff.Path]:
    found: list[diff.Path] = []
    if urns.is_provider(goal.type):
        # DiffConfig of pulumi-kubernetes: another cluster is another provider.
        both = row.inputs.get("clusterIdentifier") and inputs.get("clusterIdentifier")
        found += [path for path in changed if both and path == ("clusterIdentifier",)]
    elif provider is not None:
        found += provider.replaces(goal.type, inputs, changed)
        if provider.cluster != row.cluster:
            found.append(("provider",))
    patterns = [diff.parse_path(text) for text in goal.options.replace_on_changes]
    found += [path for path in changed if any(diff.covers(pattern, path) for pattern in patterns)]
    return found


def with_secrets(outputs: Properties, names: Iterable[str]) -> Properties:
    """`outputs` with those of additionalSecretOutputs wrapped."""
    hidden = [name for name in names if name in outputs and not isinstance(outputs[name], Secret)]
    return {**outputs, **{name: Secret(outputs[name]) for name in hidden}} if hidden else outputs


def clusters(goals: Mapping[str, Goal], known: Mapping[str, str | None]) -> dict[str, str | None]:
    """The cluster of every resource: its provider's; a component's from its providers, else its children.

    `known` holds the clusters of provider resources by URN. A component over several clusters has none.
    """
    found: dict[str, str | None] = {}
    below: dict[str, set[str]] = {}
    for urn, goal in goals.items():
        if urns.is_provider(goal.type):
            found[urn] = known.get(urn)
        elif goal.provider:
            found[urn] = known.get(goal.provider)
        else:
            given = {known[ref] for ref in goal.providers.values() if known.get(ref) is not None}
            found[urn] = given.pop() if len(given) == 1 else None
    for urn, goal in goals.items():
        cluster, parent = found[urn], goal.parent
        while cluster is not None and parent in goals:
            below.setdefault(parent, set()).add(cluster)
            parent = goals[parent].parent
    for urn, names in below.items():
        if found[urn] is None and len(names) == 1 and goals[urn].type != urns.STACK_TYPE:
            found[urn] = next(iter(names))
    return found
