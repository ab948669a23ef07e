"""What the mesh says to a connection that the network lets through: Istio's order of policies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.mesh.names import SYSTEM
from components.mesh.reachability_rules import Pod

Manifest = Mapping[str, Any]

PLAIN, IDENTITY, TOKEN, ANYBODY, REFUSED = "plain", "identity", "token", "anybody", "refused"
"""The server has no proxy; lets in by the caller's identity; by a person's token;
whoever comes; nobody, as it is to one without a proxy (STRICT)."""


def verdict(manifests: Iterable[Manifest], client: Pod, server: Pod, port: str) -> str:
    """By what the server's proxy lets the client in at that port. Raises ValueError for an action that is not ALLOW."""
    if not server.meshed:
        return PLAIN
    if not client.meshed:
        return REFUSED
    policies = [one for one in manifests if _is_for(one, server)]
    if not policies:
        return ANYBODY
    found = {by for one in policies for by in _ways_in(one, client, port)}
    return next((by for by in (ANYBODY, IDENTITY, TOKEN) if by in found), REFUSED)


def _is_for(policy: Manifest, server: Pod) -> bool:
    if policy["kind"] != "AuthorizationPolicy":
        return False
    if policy["spec"].get("action", "ALLOW") != "ALLOW":
        raise ValueError(
            f"AuthorizationPolicy {policy['metadata']['name']}: {policy['spec']['action']} is not understood"
        )
    wanted = policy["spec"].get("selector", {}).get("matchLabels", {})
    return policy["metadata"]["namespace"] in (SYSTEM, server.namespace) and server.has(wanted)


def _ways_in(policy: Manifest, client: Pod, port: str) -> Iterator[str]:
    for rule in policy["spec"].get("rules", ()):
        ports = {one for entry in rule.get("to", ()) for one in entry["operation"].get("ports", ())}
        if ports and port not in ports:
            continue
        sources = [entry["source"] for entry in rule.get("from", ())]
        if not sources:
            yield ANYBODY
        for source in sources:
            if any(_namespace(one) == client.namespace for one in source.get("principals", ())):
                yield IDENTITY
            if "requestPrincipals" in source:
                yield TOKEN


def _namespace(principal: str) -> str:
    """Of `<trust domain>/ns/<namespace>/sa/<account>`."""
    return principal.split("/")[2]
