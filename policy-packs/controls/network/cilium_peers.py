"""NW-05. Source: Cilium, "Layer 3 examples" (entities, CIDR, DNS based) and `enableDefaultDeny`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, seen, text
from controls.item import Item
from controls.network.open_peers import everywhere
from controls.network.policies import CILIUM, CILIUM_CLUSTERWIDE, DIRECTIONS, cilium_specs
from controls.settings import Settings

_WIDE: Final = frozenset({"world", "world-ipv4", "world-ipv6", "all", "cluster"})
_ENTITIES: Final = {"ingress": "fromEntities", "egress": "toEntities"}
_RANGES: Final = {"ingress": ("fromCIDR", "fromCIDRSet"), "egress": ("toCIDR", "toCIDRSet")}


def check(item: Item, settings: Settings) -> Iterator[str]:
    gateway = item.namespace in settings.gateway_namespaces
    allowed = gateway or f"{item.namespace}/{item.name}" in settings.egress_policies
    for spec in cilium_specs(item):
        if spec.unproved:
            yield f"spec {spec.unproved.value}; write it out"
        switch = spec.section("enableDefaultDeny")
        for direction in DIRECTIONS:
            if switch.value(direction) not in (None, True) and _allows(spec, direction):
                yield f"enableDefaultDeny.{direction} {seen(switch.value(direction))}; remove it"
            for index, rule in enumerate(spec.entries(direction)):
                where = f"{direction}[{index}]"
                if not (gateway if direction == "ingress" else allowed):
                    yield from (f"{where}.{fault}" for fault in _wide(rule, direction))
        yield from _names(spec)


def _allows(spec: Fields, direction: str) -> bool:
    """A policy that only forbids may leave the default to those that allow."""
    return bool(spec.values(direction)) or not any(spec.values(f"{one}Deny") for one in DIRECTIONS)


def _wide(rule: Fields, direction: str) -> Iterator[str]:
    key = _ENTITIES[direction]
    for entity in rule.values(key):
        if not isinstance(entity, str) or entity in _WIDE:
            detail = f"names {entity}" if isinstance(entity, str) else seen(entity)
            yield f"{key} {detail}; name endpoints, ranges or names instead"
    plain, sets = _RANGES[direction]
    ranges = [(plain, one) for one in rule.values(plain)]
    ranges += [(sets, one.value("cidr")) for one in rule.entries(sets) if one.value("cidr") is not None]
    for key, cidr in ranges:
        if everywhere(cidr):
            yield f"{key} is every address; name the range that is meant"


def _names(spec: Fields) -> Iterator[str]:
    rules = spec.entries("egress")
    for index, rule in enumerate(rules):
        for number, name in enumerate(rule.entries("toFQDNs")):
            pattern = name.value("matchPattern") or name.value("matchName")
            if isinstance(pattern, Unproved) or not text(pattern).strip("*."):
                yield f"egress[{index}].toFQDNs[{number}] takes every name; write the name out"
    asks = any(rule.values("toFQDNs") for rule in rules)
    if asks and not any(
        port.section("rules").values("dns") for rule in rules for port in rule.entries("toPorts")
    ):
        yield "egress has toFQDNs and no DNS rule, so no name is ever learned; add rules.dns for port 53"


BAD = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: outside, namespace: team}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [{toEntities: [world]}]
"""

GOOD = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: outside, namespace: team}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
  - toEndpoints: [{matchLabels: {k8s-app: kube-dns, io.kubernetes.pod.namespace: kube-system}}]
    toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchName: api.example.com}]}}]
  - toFQDNs: [{matchName: api.example.com}]
    toPorts: [{ports: [{port: "443", protocol: TCP}]}]
"""

CONTROL = Control(
    id="NW-05",
    title=(
        "CiliumNetworkPolicy: no world, all or cluster entity outside the gateway and egress allowlist; toFQDNs "
        "never `*`, and with a DNS rule on the same endpoints; enableDefaultDeny never false"
    ),
    severity=Severity.HIGH,
    anchors=("Cilium policy docs",),
    why="One entity of the wide kind undoes the default deny of a namespace; without a DNS rule no name is learned.",
    fix="Name hosts with toFQDNs beside a DNS rule; a policy that must name the world is listed in egressPolicies.",
    bad=BAD,
    good=GOOD,
    kinds=(CILIUM, CILIUM_CLUSTERWIDE),
    check=check,
)
