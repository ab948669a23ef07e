"""Who can reach whom in one cluster, computed from its policies alone: NetworkPolicy, Cilium's and the mesh's. Pure.

A connection needs a way out of the client and a way into the server; policies of both kinds add up. A part of a
policy that is not understood here is an error, never left out: the result would be too small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.mesh.reachability_rules import OUTSIDE, Peer, Pod, Rule, egress, ingress, rules
from components.mesh.verdict import verdict

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, order=True)
class Way:
    """A connection that the policies let through. `client` and `server` are `namespace/app` (`*`: any other pod of
    the namespace) or a place outside; `mesh` says by what the mesh lets it in: see `verdict`."""

    client: str
    server: str
    port: str
    mesh: str


@dataclass(frozen=True, kw_only=True)
class Reach:
    """`inside` are connections between pods, `outside` those over the cluster's edge. `halves` are ways that one end
    opens and the other does not: nothing passes, and one of the two policies says more than it should."""

    inside: frozenset[Way]
    outside: frozenset[Way]
    halves: frozenset[Way]


def reach(manifests: Iterable[Manifest], pods: Iterable[Pod]) -> Reach:
    """Raises ValueError for a policy with a part that is not understood."""
    everything = list(manifests)
    found = rules(everything)
    known = sorted(set(pods), key=lambda one: one.name)
    inside, halves = set(), set()
    for client in known:
        for server in known:
            out = _ports(egress(found, client), server)
            into = _ports(ingress(found, server), client)
            for port in out & into:
                inside.add(_way(client.name, server, port, verdict(everything, client, server, port)))
            if server.app != "*" and client.app != "*":
                halves |= {_way(client.name, server, port, "") for port in out ^ into}
    halves = {way for way in halves if not _passes(way, inside)}
    return Reach(
        inside=frozenset(inside),
        outside=frozenset(_over_the_edge(found, known)),
        halves=frozenset(halves),
    )


def _way(client: str, server: Pod, port: str, mesh: str) -> Way:
    return Way(client=client, server=server.name, port=port, mesh=mesh)


def _passes(half: Way, inside: set[Way]) -> bool:
    return any((one.client, one.server, one.port) == (half.client, half.server, half.port) for one in inside)


def _ports(found: Sequence[Rule], other: Pod) -> set[str]:
    return {port for rule in found if rule.peer.pod_matches(other) for port in rule.ports}


def _over_the_edge(found: Sequence[Rule], pods: Sequence[Pod]) -> set[Way]:
    ways = set()
    for pod in pods:
        for rule in egress(found, pod):
            if rule.peer.outside:
                ways |= {
                    Way(client=pod.name, server=rule.peer.outside, port=port, mesh="") for port in rule.ports
                }
        for rule in ingress(found, pod):
            if rule.peer.outside:
                ways |= {
                    Way(client=rule.peer.outside, server=pod.name, port=port, mesh="") for port in rule.ports
                }
    return {way for way in ways if OUTSIDE not in (way.client, way.server)}


__all__ = ["Peer", "Pod", "Reach", "Way", "reach"]
