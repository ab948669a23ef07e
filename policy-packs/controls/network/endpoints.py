"""The pods of a stack, also those that a controller makes from another object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.fields import Fields, fields
from controls.item import Item
from controls.selectors import selects
from controls.settings import Settings
from controls.stack import Stack, Where, where

Labels = Callable[[Item], dict[object, object]]


def _gateway(item: Item) -> dict[object, object]:
    """Gateway API, "Gateway infrastructure labels", and the well-known label of the deployment that it makes."""
    given: dict[object, object] = dict(item.spec.section("infrastructure").section("labels").present())
    return {**given, "gateway.networking.k8s.io/gateway-name": item.name}


OPERATED: Final[Mapping[str, Labels]] = MappingProxyType(
    {
        "Gateway.gateway.networking.k8s.io": _gateway,
        "InferenceService.serving.kserve.io": lambda item: {
            **dict(item.labels.present()),
            "serving.kserve.io/inferenceservice": item.name,
        },
        "Keycloak.k8s.keycloak.org": lambda item: {
            **dict(item.labels.present()),
            **dict(_keycloak_template(item).section("metadata").section("labels").present()),
            "app": "keycloak",
        },
    }
)
"""Kinds whose controller makes pods, with the labels that these get."""


def _keycloak_template(item: Item) -> Fields:
    return item.spec.section("unsupported").section("podTemplate")


class Endpoints:
    """The labels of all pods that are known, by cluster and namespace."""

    def __init__(self, stack: Stack, settings: Settings) -> None:
        self._known: dict[Where, list[Fields]] = defaultdict(list)
        for place, bearers in stack.bearers.items():
            self._known[place] += [labels_of(item) for item in bearers]
        for kind, labels in OPERATED.items():
            for item in stack.of(kind):
                self._known[where(item)].append(fields(labels(item)))
        for namespace, labels_ in elsewhere(settings):
            for cluster in stack.clusters:
                self._known[cluster, namespace].append(labels_)
        self._hidden = stack.hidden

    def any_selected(self, selector: Fields, place: Where) -> bool:
        """Whether a pod there may be selected.

        A chart whose objects cannot be seen may bring it, so there the answer is yes.
        """
        if place in self._hidden:
            return True
        return any(selects(selector, labels) is not False for labels in self._known.get(place, ()))

    def selected_in_cluster(self, selector: Fields, cluster: str) -> list[Where]:
        """Where in a cluster a pod may be selected, whatever its namespace."""
        places = {place for place in (*self._known, *self._hidden) if place[0] == cluster}
        return sorted(place for place in places if self.any_selected(selector, place))

    def hides(self, place: Where) -> bool:
        """Whether objects that cannot be seen may be there."""
        return place in self._hidden


def labels_of(item: Item) -> Fields:
    """The labels of the pods of a bearer."""
    return item.pod.labels if item.pod is not None else fields(None)


def elsewhere(settings: Settings) -> Iterator[tuple[str, Fields]]:
    """Namespace and labels of the pods that the settings name."""
    for entry in settings.pods_from_elsewhere:
        namespace, _, pairs = entry.partition("/")
        yield namespace, fields(dict(pair.partition("=")[::2] for pair in pairs.split(",")))
