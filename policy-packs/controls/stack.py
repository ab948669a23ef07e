"""All items of one stack, indexed once for the controls that judge relations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Final, TypeAlias

from controls.exemptions import Place
from controls.fields import text
from controls.item import Item

_DEFAULT: Final = "default"
CHARTS: Final = ("Chart.helm.sh", "Release.helm.sh")
"""Types of Helm charts; the objects of a Release are never seen."""

Where: TypeAlias = tuple[str, str]
"""Cluster and namespace."""


class Stack:
    """Read-only. Every look-up is by dictionary; results keep the order of the items."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.items = tuple(items)
        self._by_type: dict[str, list[Item]] = defaultdict(list)
        self._by_place: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
        self._by_name: dict[tuple[str, str, str, str], Item] = {}
        for item in self.items:
            self._by_type[item.type].append(item)
            self._by_place[item.type, *where(item)].append(item)
            self._by_name.setdefault((item.type, *where(item), item.name), item)

    def of(self, *types: str) -> list[Item]:
        """Every item of these types, of all clusters."""
        return [item for one in types for item in self._by_type.get(one, ())]

    def of_cluster(self, cluster: str, *types: str) -> list[Item]:
        """Every item of these types in one cluster."""
        return [item for item in self.of(*types) if item.cluster == cluster]

    def of_namespace(self, where: Where, *types: str) -> list[Item]:
        """Every item of these types in one namespace of one cluster."""
        return [item for one in types for item in self._by_place.get((one, *_home(where)), ())]

    def find(self, type_: str, name: str, where: Where) -> Item | None:
        """The item of that identity; the namespace is empty for cluster-wide kinds."""
        return self._by_name.get((type_, *_home(where), name))

    @cached_property
    def clusters(self) -> tuple[str, ...]:
        """Every cluster that has a Kubernetes object; plain manifests are one, with an empty name."""
        return tuple(dict.fromkeys(item.cluster for item in self.items if item.is_kubernetes))

    @cached_property
    def bearers(self) -> dict[Where, list[Item]]:
        """What bears a pod, by cluster and namespace."""
        found: dict[Where, list[Item]] = defaultdict(list)
        for item in self.items:
            if item.pod is not None:
                found[where(item)].append(item)
        return dict(found)

    @cached_property
    def hidden(self) -> frozenset[Where]:
        """Where a chart puts objects that cannot be seen, so that nothing there is proved to be missing."""
        return frozenset(self.opaque)

    @cached_property
    def hidden_namespaces(self) -> frozenset[str]:
        """The same for what names a namespace and no cluster."""
        return frozenset(namespace for _, namespace in self.hidden)

    def may_hide(self, place: Place) -> bool:
        """Whether a chart that cannot be seen may hold that object: no item is it, and it would be in the chart's
        namespace, which may not be known yet, or in none."""
        if ":" in place.kind or place in self._places:
            return False
        homes = [chart.fields.value("namespace") for charts in self.opaque.values() for chart in charts]
        if place.namespace and all(isinstance(home, str) for home in homes):
            return place.namespace in homes
        return bool(homes)

    @cached_property
    def opaque(self) -> dict[Where, list[Item]]:
        """Charts that cannot be seen, by cluster and namespace. A chart is seen through when any object of it is in the
        stack; it is named after the chart (`cilium:...`)."""
        rendered = {item.resource.partition(":")[0] for item in self.items if ":" in item.resource}
        found: dict[Where, list[Item]] = defaultdict(list)
        for chart in self.of(*CHARTS):
            if chart.resource not in rendered:
                found[_home((chart.cluster, text(chart.fields.value("namespace"))))].append(chart)
        return dict(found)

    @cached_property
    def _places(self) -> frozenset[Place]:
        return frozenset(item.place for item in self.items)


def where(item: Item) -> Where:
    """Cluster and namespace of an item; one that states none is in `default`, where a client puts it."""
    return _home((item.cluster, item.namespace))


def _home(place: Where) -> Where:
    return place if place[1] else (place[0], _DEFAULT)
