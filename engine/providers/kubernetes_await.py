"""Waits until objects are ready or gone, by watching them. Nothing here polls by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.errors import NotReady
from engine.providers import kubernetes_ready as ready
from engine.providers.kubernetes_client import Cluster, Deadline
from engine.providers.kubernetes_inputs import annotation
from engine.providers.kubernetes_tables import group_of
from engine.values import Properties

DEFAULT_SECONDS: Final = 600.0
_QUOTA_SECONDS: Final = 60.0
_SETTLE_SECONDS: Final = 10.0
_WATCH_SECONDS: Final = 30.0

Progress = Callable[[str], None]


def time_limit(inputs: Properties, given: float | None) -> float:
    """Seconds to wait: customTimeouts, else the annotation pulumi.com/timeoutSeconds, else ten minutes."""
    if given:
        return given
    text = annotation(inputs, "pulumi.com/timeoutSeconds")
    if text.isdecimal():
        return float(text)
    return _QUOTA_SECONDS if inputs.get("kind") == "ResourceQuota" else DEFAULT_SECONDS


def until_ready(
    cluster: Cluster, path: str, live: Properties, inputs: Properties, seconds: float, progress: Progress
) -> Properties:
    """The object once it is ready. Raises NotReady when it cannot become so or the time is up."""
    if annotation(inputs, "pulumi.com/skipAwait") == "true":
        return live
    custom = annotation(inputs, "pulumi.com/waitFor")
    kind, group = str(live["kind"]), group_of(str(live["apiVersion"]))
    check = ready.custom(custom) if custom else ready.CHECKS.get((group, kind))
    if (group, kind) == ("", "PersistentVolumeClaim") and not custom:
        check = _claim(cluster, live)
    if check is None:
        return live
    deadline = Deadline(seconds)
    live = _observe(cluster, path, live, check, deadline, progress)
    if (group, kind) == ("", "Service") and not custom:
        _until_endpoints(cluster, live, deadline, progress)
    if kind == "CustomResourceDefinition":
        _until_served(cluster, live, deadline)
    return live


def until_gone(cluster: Cluster, path: str, uid: str, seconds: float, progress: Progress) -> None:
    """Returns once no object of that uid is at `path`. Raises NotReady when the time is up."""
    deadline = Deadline(seconds)
    while True:
        live = cluster.get(path)
        if live is None or (uid and live["metadata"]["uid"] != uid):
            return
        finalizers = live["metadata"].get("finalizers") or []
        progress("is being deleted" + (f", waits for {', '.join(finalizers)}" if finalizers else ""))
        if not deadline.left:
            held = f"; its finalizers {', '.join(finalizers)} were not removed" if finalizers else ""
            raise NotReady(f"was not gone within {seconds:g} s{held}")
        for event in _events(cluster, path, live, deadline):
            if event.get("type") == "DELETED":
                return


def _observe(
    cluster: Cluster, path: str, live: Properties, check: ready.Check, deadline: Deadline, progress: Progress
) -> Properties:
    found = _told(check(live), ready.READY, progress)
    while not found.ready:
        for event in _events(cluster, path, live, deadline):
            if event.get("type") == "DELETED":
                raise NotReady("was deleted by somebody else while it became ready")
            if event.get("type") == "ERROR":
                break
            live = event["object"]
            found = _told(check(live), found, progress)
            if found.ready:
                return live
        fresh = cluster.get(path)
        if fresh is None:
            raise NotReady("was deleted by somebody else while it became ready")
        live = fresh
        found = _told(check(live), found, progress)
        if not found.ready and not deadline.left:
            raise NotReady(
                f"is not ready after {deadline.seconds:g} s: {found.message}{_pods(cluster, live)}"
            )
    return live


def _told(found: ready.Readiness, before: ready.Readiness, progress: Progress) -> ready.Readiness:
    if found.failed:
        raise NotReady(f"will not become ready: {found.message}")
    if found.message and found.message != before.message:
        progress(found.message)
    return found


def _events(cluster: Cluster, path: str, live: Properties, deadline: Deadline) -> Iterator[Properties]:
    collection, _, _ = path.rpartition("/")
    metadata = live["metadata"]
    query = {
        "fieldSelector": f"metadata.name={metadata['name']}",
        "resourceVersion": metadata["resourceVersion"],
    }
    return cluster.watch(collection, query, min(_WATCH_SECONDS, max(1.0, deadline.left)))


def _until_endpoints(cluster: Cluster, live: Properties, deadline: Deadline, progress: Progress) -> None:
    """A Service with a selector waits for its pods: done when all its endpoints are ready and there is one.

    Without any endpoint it is done when none came within the settling time, as in pulumi-kubernetes.
    """
    spec = live.get("spec") or {}
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return
    name, namespace = live["metadata"]["name"], live["metadata"]["namespace"]
    path = cluster.path_of("discovery.k8s.io/v1", "EndpointSlice", namespace)
    selector = {"labelSelector": f"kubernetes.io/service-name={name}"}
    settle = Deadline(min(_SETTLE_SECONDS, deadline.seconds))
    while True:
        listed = cluster.request("GET", path, selector)
        states = [
            (endpoint.get("conditions") or {}).get("ready", True)
            for entry in listed.get("items", ())
            for endpoint in entry.get("endpoints") or ()
        ]
        if states and all(states):
            return
        if not states and not settle.left:
            return
        if not deadline.left:
            raise NotReady(f"{states.count(False)} of its {len(states)} endpoints are not ready")
        progress(f"{states.count(True)} of {len(states)} endpoints are ready")
        limit = deadline.left if states else settle.left
        version = str(listed["metadata"]["resourceVersion"])
        next(
            cluster.watch(path, {**selector, "resourceVersion": version}, min(_WATCH_SECONDS, max(1, limit))),
            None,
        )


def _until_served(cluster: Cluster, live: Properties, deadline: Deadline) -> None:
    """An established definition is served a moment later: wait until discovery lists it."""
    spec = live["spec"]
    served = [version["name"] for version in spec["versions"] if version.get("served")]
    while not all(cluster.knows(f"{spec['group']}/{version}", spec["names"]["kind"]) for version in served):
        if not deadline.left:
            raise NotReady("is established, but the API server does not serve its kind")
        # A watch on the definition itself is a wait of one second that ends early on any change.
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{live['metadata']['name']}"
        next(iter(_events(cluster, path, live, Deadline(1))), None)


def _claim(cluster: Cluster, live: Properties) -> ready.Check:
    name = (live.get("spec") or {}).get("storageClassName")
    found: Any = cluster.get(f"/apis/storage.k8s.io/v1/storageclasses/{name}") if name else None
    late = (found or {}).get("volumeBindingMode") == "WaitForFirstConsumer"

    def check(live: Properties) -> ready.Readiness:
        phase = (live.get("status") or {}).get("phase", "Pending")
        if phase == "Bound" or (late and phase == "Pending"):
            return ready.READY
        return ready.Readiness(False, f"the claim is {phase}, not Bound")

    return check


def _pods(cluster: Cluster, live: Properties) -> str:
    """What the pods of a workload that did not become ready say."""
    labels = ((live.get("spec") or {}).get("selector") or {}).get("matchLabels")
    if not labels:
        return ""
    path = cluster.path_of("v1", "Pod", live["metadata"]["namespace"])
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    items = cluster.request("GET", path, {"labelSelector": selector}).get("items", ())
    told = {ready.CHECKS["", "Pod"](pod).message for pod in items}
    return "".join(f"; {message}" for message in sorted(filter(None, told)))
