"""What the lab is asked to be: its clusters and their simulated nodes. Plain values, no I/O."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lab.errors import TopologyError

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Taint:
    """A node taint, in the API's own words."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True, kw_only=True)
class Node:
    """One simulated node. `capacity` is also what is allocatable (quantities as the API writes them)."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    capacity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One control plane with its address ranges and nodes."""

    name: str
    pod_cidr: str
    service_cidr: str
    nodes: tuple[Node, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Topology:
    """All clusters of the lab, the first being the default context. Raises TopologyError naming every
    contradiction at once."""

    clusters: tuple[Cluster, ...]

    def __post_init__(self) -> None:
        problems = [*_bad_names(self.clusters), *_repeated(self.clusters), *_overlaps(self.clusters)]
        if not self.clusters:
            problems.append("no cluster: a lab needs at least one")
        if problems:
            raise TopologyError("; ".join(problems))

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name; TopologyError with the known names otherwise."""
        for cluster in self.clusters:
            if cluster.name == name:
                return cluster
        known = ", ".join(c.name for c in self.clusters)
        raise TopologyError(f"cluster {name!r} is not in the lab: choose one of {known}")


def _bad_names(clusters: tuple[Cluster, ...]) -> list[str]:
    bad = [f"cluster {c.name!r}: a name is a DNS label" for c in clusters if not _DNS_LABEL.fullmatch(c.name)]
    for cluster in clusters:
        bad += [
            f"cluster {cluster.name!r}, node {n.name!r}: a name is a DNS subdomain"
            for n in cluster.nodes
            if not _DNS_SUBDOMAIN.fullmatch(n.name)
        ]
    return bad


def _repeated(clusters: tuple[Cluster, ...]) -> list[str]:
    found = [f"cluster {name!r} is given twice" for name in _twice(c.name for c in clusters)]
    for cluster in clusters:
        nodes = _twice(n.name for n in cluster.nodes)
        found += [f"cluster {cluster.name!r}: node {name!r} is given twice" for name in nodes]
    return found


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _overlaps(clusters: tuple[Cluster, ...]) -> list[str]:
    ranges: list[tuple[str, ipaddress.IPv4Network | ipaddress.IPv6Network]] = []
    problems: list[str] = []
    for cluster in clusters:
        for kind, text in (("pod", cluster.pod_cidr), ("service", cluster.service_cidr)):
            where = f"cluster {cluster.name!r}, {kind} CIDR {text}"
            try:
                network = ipaddress.ip_network(text)
            except ValueError as error:
                problems.append(f"{where}: {error}")
                continue
            problems += [
                f"{where} overlaps {other}"
                for other, taken in ranges
                if taken.version == network.version and taken.overlaps(network)
            ]
            ranges.append((where, network))
    return problems
