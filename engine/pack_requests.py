"""What the analyzer protocol asks about: resources as its messages carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import analyzer_pb2

from engine import urn as urns
from engine.decide import Decision
from engine.goal import Goal
from engine.values import Properties, to_struct


def request(goal: Goal, inputs: Properties, decided: Mapping[str, Decision]) -> Any:
    """One resource that is about to be applied."""
    struct = goal.request if inputs is goal.inputs and goal.request is not None else to_struct(inputs)
    return analyzer_pb2.AnalyzeRequest(
        type=goal.type, properties=struct, urn=goal.urn, name=goal.name, options=_options(goal),
        provider=_provider(goal, decided),
    )  # fmt: skip


def resource(goal: Goal, properties: Properties, decided: Mapping[str, Decision]) -> Any:
    """One resource among all of a stack."""
    resource = analyzer_pb2.AnalyzerResource(
        type=goal.type, properties=to_struct(properties), urn=goal.urn, name=goal.name, options=_options(goal),
        provider=_provider(goal, decided), parent=goal.parent, dependencies=goal.dependencies,
    )  # fmt: skip
    for key, found in goal.property_dependencies.items():
        resource.propertyDependencies[key].urns.extend(found)
    return resource


def _options(goal: Goal) -> Any:
    options, timeouts = goal.options, goal.options.timeouts
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=options.protect,
        ignoreChanges=options.ignore_changes,
        deleteBeforeReplace=bool(options.delete_before_replace),
        deleteBeforeReplaceDefined=options.delete_before_replace is not None,
        additionalSecretOutputs=options.additional_secret_outputs,
        aliases=goal.aliases,
        customTimeouts=analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts(
            create=timeouts.create or 0, update=timeouts.update or 0, delete=timeouts.delete or 0
        ),
        parent=goal.parent,
    )


def _provider(goal: Goal, decided: Mapping[str, Decision]) -> Any:
    found = decided.get(goal.provider)
    if found is None:
        return None
    return analyzer_pb2.AnalyzerProviderResource(
        type=urns.type_of(goal.provider),
        properties=to_struct(found.inputs),
        urn=goal.provider,
        name=urns.name_of(goal.provider),
    )
