"""What the analyzer protocol asks about: resources as its messages carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import analyzer_pb2

from engine import urn as urns
from engine.decide import Decision
from engine.goal import Goal
from engine.values import Properties, to_struct


class Requests:
    """Makes the messages of one run. A provider is converted once, since it is decided before what needs it."""

    def __init__(self) -> None:
        self._providers: dict[str, Any] = {}

    def one(self, goal: Goal, inputs: Properties, decided: Mapping[str, Decision]) -> Any:
        """One resource that is about to be applied."""
        return analyzer_pb2.AnalyzeRequest(
            type=goal.type, properties=_struct(goal, inputs), urn=goal.urn, name=goal.name, options=_options(goal),
            provider=self._provider(goal, decided),
        )  # fmt: skip

    def among_all(self, goal: Goal, properties: Properties, decided: Mapping[str, Decision]) -> Any:
        """One resource among all of a stack."""
        resource = analyzer_pb2.AnalyzerResource(
            type=goal.type, properties=_struct(goal, properties), urn=goal.urn, name=goal.name,
            options=_options(goal), provider=self._provider(goal, decided), parent=goal.parent,
            dependencies=goal.dependencies,
        )  # fmt: skip
        for key, found in goal.property_dependencies.items():
            resource.propertyDependencies[key].urns.extend(found)
        return resource

    def _provider(self, goal: Goal, decided: Mapping[str, Decision]) -> Any:
        provider = goal.provider
        if provider not in decided:
            return None
        if provider not in self._providers:
            self._providers[provider] = analyzer_pb2.AnalyzerProviderResource(
                type=urns.type_of(provider),
                properties=to_struct(decided[provider].inputs),
                urn=provider,
                name=urns.name_of(provider),
            )
        return self._providers[provider]


def _struct(goal: Goal, properties: Properties) -> Any:
    """The properties as a Struct: the one that they came in, where nothing was changed since."""
    unchanged = properties is goal.inputs and goal.request is not None
    return goal.request if unchanged else to_struct(properties)


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
