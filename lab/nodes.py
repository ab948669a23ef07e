"""The simulated nodes of a cluster: made, changed and removed until they are those of the topology."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from lab.kube import KubeApi
from lab.kwok import NODE_ANNOTATION
from lab.readiness import NotReady, poll
from lab.topology import Cluster, Node

LAB_NODE = "mlops.platform/lab-node"
"""Label of the nodes that the lab made; it never touches another one."""

DIGEST = "mlops.platform/digest"
_NODES = "/api/v1/nodes"
_READY_SECONDS = 90.0


def reconcile(api: KubeApi, cluster: Cluster) -> None:
    """Make the cluster's nodes those of the topology and wait until all are ready."""
    live = {item["metadata"]["name"]: item for item in api.list(_NODES, labelSelector=LAB_NODE)}
    wanted = {node.name: manifest(node) for node in cluster.nodes}
    for name in live.keys() - wanted.keys():
        api.delete(f"{_NODES}/{name}")
    for name, document in wanted.items():
        if name not in live or differs(live[name], document):
            # A new node has its status from the start, as a kubelet's registration has: KWOK, which fills in
            # what is missing, would otherwise come in between.
            api.apply(f"{_NODES}/{name}", document)
            api.apply(f"{_NODES}/{name}/status", _only_status(document))
    poll(
        f"cluster {cluster.name}: its {len(wanted)} nodes ready",
        lambda: _all_ready(api.list(_NODES, labelSelector=LAB_NODE), wanted.keys()),
        _READY_SECONDS,
    )


def manifest(node: Node) -> dict[str, Any]:
    """The Node with its capacity as the kubelet of such a machine would report it."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "labels": {"kubernetes.io/hostname": node.name, **node.labels, LAB_NODE: "true"},
            "annotations": {**node.annotations, NODE_ANNOTATION[0]: NODE_ANNOTATION[1]},
        },
        "spec": {"taints": [_taint(taint.key, taint.value, taint.effect) for taint in node.taints]},
        "status": {"capacity": dict(node.capacity), "allocatable": dict(node.capacity)},
    }
    if not node.taints:
        del document["spec"]
    content = json.dumps(document, sort_keys=True).encode()
    document["metadata"]["annotations"][DIGEST] = hashlib.sha256(content).hexdigest()[:16]
    return document


def differs(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the node has to be applied again: another digest, or not the capacity that it should have."""
    digest = (live["metadata"].get("annotations") or {}).get(DIGEST)
    status = live.get("status") or {}
    fits = all(
        (status.get(field) or {}).get(name) == quantity
        for field in ("capacity", "allocatable")
        for name, quantity in wanted["status"][field].items()
    )
    return digest != wanted["metadata"]["annotations"][DIGEST] or not fits


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether the node's Ready condition is true."""
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _all_ready(live: Sequence[Mapping[str, Any]], wanted: Any) -> None:
    ready = {item["metadata"]["name"] for item in live if is_ready(item)}
    if missing := sorted(set(wanted) - ready):
        raise NotReady(f"not ready: {', '.join(missing)}")


def _only_status(document: Mapping[str, Any]) -> dict[str, Any]:
    name = document["metadata"]["name"]
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": document["status"]}


def _taint(key: str, value: str, effect: str) -> dict[str, str]:
    return {"key": key, "effect": effect, **({"value": value} if value else {})}
