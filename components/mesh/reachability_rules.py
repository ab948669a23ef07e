"""Network policies of both kinds as one list of rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.isolation.namespace import NAME_LABEL

Manifest = Mapping[str, Any]
OUTSIDE = "-"
"""No peer at all."""

_NAME = "app.kubernetes.io/name"
_CILIUM_NAMESPACE = "k8s:io.kubernetes.pod.namespace"
_KEYCLOAK_PORTS = {"https": 8443, "management": 9000}


@dataclass(frozen=True, kw_only=True)
class Pod:
    """Pods of one app, or with app `*` all others of the namespace. `meshed`: they have a proxy."""

    namespace: str
    app: str
    meshed: bool = False

    @property
    def name(self) -> str:
        return f"{self.namespace}/{self.app}"

    def has(self, wanted: Mapping[str, str]) -> bool:
        """Whether a selector's labels are its own."""
        own = {} if self.app == "*" else {_NAME: self.app}
        return wanted.items() <= own.items()


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The other end: pods by namespace and labels (None: of any namespace), or a place outside."""

    namespace: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    outside: str = ""

    def pod_matches(self, pod: Pod) -> bool:
        if self.outside:
            return False
        return self.namespace in (None, pod.namespace) and pod.has(dict(self.labels))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Pods of a namespace with these labels may connect out to (or in from) the peer, on these ports."""

    direction: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    peer: Peer
    ports: frozenset[str]


def rules(manifests: Iterable[Manifest]) -> tuple[Rule, ...]:
    """Every allowance; name resolution apart, which all pods have. Raises ValueError for what is not understood."""
    found: list[Rule] = []
    for one in manifests:
        match one["kind"]:
            case "NetworkPolicy":
                found += _network_policy(one)
            case "CiliumNetworkPolicy":
                found += _cilium_policy(one)
            case "Keycloak":
                found += _operated(one)
            case _:
                continue
    return tuple(rule for rule in found if rule.ports)


def egress(found: Sequence[Rule], pod: Pod) -> list[Rule]:
    return [one for one in found if one.direction == "egress" and _is_for(one, pod)]


def ingress(found: Sequence[Rule], pod: Pod) -> list[Rule]:
    return [one for one in found if one.direction == "ingress" and _is_for(one, pod)]


def undenied(manifests: Iterable[Manifest], namespaces: Iterable[str]) -> frozenset[str]:
    """Namespaces in which something is not denied by default: what `rules` allows is not all that passes there."""
    closed = {
        one["metadata"]["namespace"]
        for one in manifests
        if one["kind"] == "NetworkPolicy"
        and one["spec"]["podSelector"] == {}
        and set(one["spec"].get("policyTypes", ())) == {"Ingress", "Egress"}
    }
    return frozenset(namespaces) - closed


def _is_for(rule: Rule, pod: Pod) -> bool:
    return rule.namespace == pod.namespace and pod.has(dict(rule.labels))


def _network_policy(policy: Manifest) -> Iterator[Rule]:
    spec, namespace = policy["spec"], policy["metadata"]["namespace"]
    _known(policy, spec, {"podSelector", "policyTypes", "ingress", "egress"})
    for direction, peers in (("egress", "to"), ("ingress", "from")):
        for rule in spec.get(direction, ()):
            _known(policy, rule, {peers, "ports"})
            ports = frozenset(f"{port['port']}" for port in rule["ports"] if not _resolves(port))
            for peer in rule[peers]:
                _known(policy, peer, {"namespaceSelector", "podSelector"})
                where = _labels(policy, peer.get("namespaceSelector"))
                yield Rule(
                    direction=direction,
                    namespace=namespace,
                    labels=_labels(policy, spec["podSelector"]),
                    peer=Peer(
                        namespace=dict(where)[NAME_LABEL] if where else namespace,
                        labels=_labels(policy, peer.get("podSelector")),
                    ),
                    ports=ports,
                )


def _cilium_policy(policy: Manifest) -> Iterator[Rule]:
    spec, namespace = policy["spec"], policy["metadata"]["namespace"]
    _known(policy, spec, {"endpointSelector", "enableDefaultDeny", "ingress", "egress"})
    for direction, word in (("egress", "to"), ("ingress", "from")):
        for rule in spec.get(direction, ()):
            _known(
                policy,
                rule,
                {"toPorts", *(f"{word}{part}" for part in ("Endpoints", "Entities", "FQDNs", "CIDRSet"))},
            )
            opened = [port for entry in rule.get("toPorts", ()) for port in entry["ports"]]
            ports = frozenset(port["port"] for port in opened if port["port"] != "53")
            for peer in _cilium_peers(policy, rule, word, namespace):
                yield Rule(
                    direction=direction,
                    namespace=namespace,
                    labels=_labels(policy, spec["endpointSelector"]),
                    peer=peer,
                    ports=ports,
                )


def _cilium_peers(policy: Manifest, rule: Manifest, word: str, namespace: str) -> Iterator[Peer]:
    for entity in rule.get(f"{word}Entities", ()):
        yield Peer(outside=entity)
    for name in rule.get(f"{word}FQDNs", ()):
        yield Peer(outside=name["matchName"])
    for block in rule.get(f"{word}CIDRSet", ()):
        _known(policy, block, {"cidr"})
        yield Peer(outside=block["cidr"])
    for selector in rule.get(f"{word}Endpoints", ()):
        wanted = dict(_labels(policy, selector))
        where = wanted.pop(_CILIUM_NAMESPACE, namespace)
        plain = tuple((key.removeprefix("k8s:"), value) for key, value in wanted.items())
        yield Peer(namespace=where, labels=plain)


def _operated(resource: Manifest) -> Iterator[Rule]:
    """Keycloak's operator makes a NetworkPolicy from its resource."""
    settings = resource["spec"].get("networkPolicy", {})
    for part, port in _KEYCLOAK_PORTS.items():
        for peer in settings.get(part, ()):
            where = dict(_labels(resource, peer["namespaceSelector"]))
            yield Rule(
                direction="ingress",
                namespace=resource["metadata"]["namespace"],
                labels=((_NAME, "keycloak"),),
                peer=Peer(namespace=where[NAME_LABEL]),
                ports=frozenset({str(port)}),
            )


def _labels(policy: Manifest, selector: Manifest | None) -> tuple[tuple[str, str], ...]:
    if selector is None:
        return ()
    _known(policy, selector, {"matchLabels"})
    return tuple(sorted(selector.get("matchLabels", {}).items()))


def _resolves(port: Manifest) -> bool:
    return str(port["port"]) == "53"


def _known(policy: Manifest, part: Mapping[str, Any], keys: set[str]) -> None:
    if unknown := sorted(set(part) - keys):
        name = policy["metadata"]["name"]
        raise ValueError(f"{policy['kind']} {name}: {unknown[0]} is not understood by the reachability check")
