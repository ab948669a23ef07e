"""Network policies of Kubernetes and of Cilium, read into what they select and what they deny by default.

Sources: Kubernetes API, NetworkPolicySpec; Cilium, "Policy enforcement modes" and `enableDefaultDeny`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from controls.fields import EMPTY, Fields, Unproved, fields, text
from controls.item import Item
from controls.selectors import selects
from controls.stack import Stack, Where, where

NETWORK_POLICY: Final = "NetworkPolicy.networking.k8s.io"
CILIUM: Final = "CiliumNetworkPolicy.cilium.io"
CILIUM_CLUSTERWIDE: Final = "CiliumClusterwideNetworkPolicy.cilium.io"
DIRECTIONS: Final = ("ingress", "egress")

_SOURCES: Final = ("k8s:", "any:")
_NAMESPACE: Final = "io.kubernetes.pod.namespace"
_NAMESPACE_LABEL: Final = "io.cilium.k8s.namespace.labels."


@dataclass(frozen=True, kw_only=True)
class Rules:
    """One policy's rules for the endpoints of one selector; a Cilium policy may hold several."""

    item: Item
    selector: Fields
    denies: frozenset[str]
    """The directions in which it turns default deny on for what it selects."""

    def reaches(self, place: Where) -> bool:
        """Whether it can select pods of that cluster and namespace at all."""
        if self.item.cluster != place[0]:
            return False
        return self.item.type == CILIUM_CLUSTERWIDE or where(self.item) == place

    def selects(self, labels: Fields, place: Where, namespace: Fields = EMPTY) -> bool | None:
        """Whether it selects a pod with these labels there; None where that cannot be known."""
        return selects(self.selector, _with_namespace(labels, place, namespace))

    def selects_all(self, place: Where, namespace: Fields) -> bool:
        """Whether it selects every pod of the namespace, whose labels are given, by its selector alone."""
        if self.selector.unproved:
            return False
        asked = {key for key, _ in self.selector.section("matchLabels").present()}
        asked |= {text(one.value("key")) for one in self.selector.entries("matchExpressions")}
        if any(key != _NAMESPACE and not key.startswith(_NAMESPACE_LABEL) for key in asked):
            return False
        return self.selects(EMPTY, place, namespace) is True


def policies(stack: Stack, cluster: str) -> list[Rules]:
    """Everything in a cluster that selects pods, in the order of the stack."""
    found = stack.of_cluster(cluster, NETWORK_POLICY, CILIUM, CILIUM_CLUSTERWIDE)
    return [rules for item in found for rules in rules_of(item)]


def rules_of(item: Item) -> Iterator[Rules]:
    """The rules of one policy; a Cilium policy on nodes selects no pod."""
    if item.type == NETWORK_POLICY:
        yield Rules(item=item, selector=item.spec.section("podSelector"), denies=_denied(item.spec))
        return
    for spec in cilium_specs(item):
        if spec.value("endpointSelector") is not None:
            yield Rules(item=item, selector=plain_selector(spec), denies=_cilium_denied(spec))


def cilium_specs(item: Item) -> tuple[Fields, ...]:
    """`spec` and each of `specs`: a policy may have either or both."""
    alone = (item.spec,) if item.fields.value("spec") is not None else ()
    return alone + item.fields.entries("specs")


def plain_selector(spec: Fields) -> Fields:
    """Cilium's endpointSelector with the sources of its keys taken off (`k8s:app` is `app`)."""
    selector = spec.section("endpointSelector")
    if selector.unproved:
        return selector
    expressions = [
        {**dict(one.present()), "key": _bare(one.value("key"))}
        for one in selector.entries("matchExpressions")
    ]
    labels = selector.section("matchLabels")
    bare = labels.data if labels.unproved else {_bare(key): value for key, value in labels.present()}
    return fields({"matchLabels": bare, "matchExpressions": expressions})


def applies(spec: Fields) -> tuple[str, ...]:
    """The directions of a NetworkPolicy that are in effect (`policyTypes`, or what it defaults to)."""
    types = spec.values("policyTypes")
    if not types:
        return DIRECTIONS if spec.values("egress") else DIRECTIONS[:1]
    unsure = any(isinstance(one, Unproved) for one in types)
    return tuple(one for one in DIRECTIONS if unsure or one.capitalize() in types)


def _denied(spec: Fields) -> frozenset[str]:
    """A direction with a rule that is empty allows everything, and so denies nothing."""
    stated = spec.values("policyTypes")
    return frozenset(
        direction
        for direction in applies(spec)
        if not any(isinstance(one, Unproved) for one in stated)
        and not any(rule.data == {} for rule in spec.entries(direction))
    )


def _cilium_denied(spec: Fields) -> frozenset[str]:
    switch = spec.section("enableDefaultDeny")
    return frozenset(one for one in DIRECTIONS if _cilium_denies(spec, switch.value(one), one))


def _cilium_denies(spec: Fields, switch: object, direction: str) -> bool:
    if switch is None:
        rules = (*spec.values(direction), *spec.values(f"{direction}Deny"))
        return any(not isinstance(rule, Unproved) for rule in rules)
    return switch is True


def _with_namespace(labels: Fields, place: Where, namespace: Fields) -> Fields:
    """A pod's labels with those that Cilium adds to them."""
    if isinstance(labels.data, Unproved):
        return labels
    added: Mapping[object, object] = {
        _NAMESPACE: place[1],
        **{f"{_NAMESPACE_LABEL}{key}": value for key, value in namespace.present()},
    }
    return Fields({**labels.data, **added})


def _bare(key: object) -> object:
    if isinstance(key, str):
        for source in _SOURCES:
            key = key.removeprefix(source)
    return key
