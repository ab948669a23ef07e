"""The policies of a plan against what the settings say of who serves whom, cluster by cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.mesh.names import EAST_WEST, GATEWAYS, INGRESS, ISTIOD, SYSTEM
from components.mesh.reachability import Pod, Reach, reach
from components.mesh.reachability_rules import undenied
from components.secrets.secret_store import OPERATOR
from components.trust import cert_manager_values as cert_manager
from config.schema import PlatformSettings
from stacks.edges import Edge, edges

_MADE_BY_OTHERS = {SYSTEM: (ISTIOD,), GATEWAYS: (INGRESS, EAST_WEST), OPERATOR: (OPERATOR,)}
"""Pods that charts and the mesh make from other objects."""

_RUNNING = {"Deployment", "Keycloak"}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`extra` passes and nobody declared it, `missing` is declared and does not pass."""

    cluster: str
    reach: Reach
    extra: frozenset[Edge]
    missing: frozenset[Edge]
    open_namespaces: frozenset[str]


def compared(
    settings: PlatformSettings, objects: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[Comparison, ...]:
    """`objects` are the plan's inputs with the cluster that each one is for."""
    by_cluster: dict[str, list[Mapping[str, Any]]] = {one.name: [] for one in settings.clusters}
    for cluster, inputs in objects:
        if cluster in by_cluster and "kind" in inputs and "metadata" in inputs:
            by_cluster[cluster].append(inputs)
    return tuple(_compared(settings, name, found) for name, found in by_cluster.items())


def _compared(settings: PlatformSettings, name: str, manifests: Sequence[Mapping[str, Any]]) -> Comparison:
    cluster = next(one for one in settings.clusters if one.name == name)
    declared = edges(settings, cluster)
    namespaces = {one["metadata"]["name"]: one for one in manifests if one["kind"] == "Namespace"}
    found = reach(manifests, pods(settings, manifests))
    passing = frozenset(
        Edge(
            client=way.client.partition("/")[0],
            server=way.server.partition("/")[0],
            app=way.server.partition("/")[2],
            port=int(way.port),
        )
        for way in found.inside
        if way.mesh != "refused"
    )
    return Comparison(
        cluster=name,
        reach=found,
        extra=passing - declared,
        missing=declared - passing,
        open_namespaces=undenied(manifests, namespaces),
    )


def pods(settings: PlatformSettings, manifests: Sequence[Mapping[str, Any]]) -> frozenset[Pod]:
    """Every app by its namespace, and the nameless rest of each: what its owner may start there. The secret store's
    pods and cert-manager's come from charts, which are no objects of the plan."""
    found = {Pod(namespace=cert_manager.NAMESPACE, app=cert_manager.APP, meshed=False)}
    running = {
        (one["metadata"]["namespace"], one["metadata"]["name"])
        for one in manifests
        if one["kind"] in _RUNNING
    }
    for one in manifests:
        if one["kind"] != "Namespace":
            continue
        name = one["metadata"]["name"]
        meshed = "istio.io/rev" in one["metadata"].get("labels", {}) or name == GATEWAYS
        store = (name,) if name == settings.secrets.backend else ()
        apps = {app for namespace, app in running if namespace == name}
        for app in ("*", *apps, *_MADE_BY_OTHERS.get(name, ()), *store):
            found.add(Pod(namespace=name, app=app, meshed=meshed))
    return frozenset(found)
