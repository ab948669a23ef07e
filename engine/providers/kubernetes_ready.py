"""When an object of each kind is ready. Pure functions of the live object.

The conditions are those of pulumi-kubernetes (await/*.go) for what the object itself tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import RegistrationError
from engine.values import Properties


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready`, else what is waited for; `failed` if waiting will not help."""

    ready: bool
    message: str = ""
    failed: bool = False


READY: Final = Readiness(True)
Check = Callable[[Properties], Readiness]


def condition(live: Properties, type_: str) -> Properties:
    """A status condition, {} if it is not there."""
    for entry in (live.get("status") or {}).get("conditions") or ():
        if entry.get("type") == type_:
            return dict(entry)
    return {}


def _is_true(live: Properties, type_: str) -> bool:
    return condition(live, type_).get("status") == "True"


def _observed(live: Properties) -> bool:
    generation = live["metadata"].get("generation", 0)
    return int((live.get("status") or {}).get("observedGeneration", 0)) >= int(generation)


def _deployment(live: Properties) -> Readiness:
    status, wanted = live.get("status") or {}, int((live.get("spec") or {}).get("replicas", 1))
    progressing = condition(live, "Progressing")
    if not _observed(live):
        return Readiness(False, "the controller has not seen it yet")
    if progressing.get("status") == "False":
        return Readiness(False, f"[{progressing.get('reason')}] {progressing.get('message')}", failed=True)
    updated, ready = int(status.get("updatedReplicas", 0)), int(status.get("readyReplicas", 0))
    if updated >= wanted and ready >= wanted and (wanted == 0 or _is_true(live, "Available")):
        return READY
    return Readiness(False, f"{min(updated, ready)} of {wanted} new replicas are ready")


def _stateful_set(live: Properties) -> Readiness:
    status, spec = live.get("status") or {}, live.get("spec") or {}
    wanted = int(spec.get("replicas", 1))
    if not _observed(live):
        return Readiness(False, "the controller has not seen it yet")
    ready = int(status.get("readyReplicas", 0))
    on_delete = (spec.get("updateStrategy") or {}).get("type") == "OnDelete"
    rolled = on_delete or status.get("currentRevision") == status.get("updateRevision")
    if rolled and int(status.get("replicas", 0)) == wanted and ready == wanted:
        return READY
    return Readiness(False, f"{ready} of {wanted} replicas are ready")


def _daemon_set(live: Properties) -> Readiness:
    status = live.get("status") or {}
    if not _observed(live):
        return Readiness(False, "the controller has not seen it yet")
    wanted = int(status.get("desiredNumberScheduled", 0))
    counts = (
        int(status.get(f"{name}", 0)) for name in ("updatedNumberScheduled", "numberAvailable", "numberReady")
    )
    least = min(counts)
    return READY if least >= wanted else Readiness(False, f"{least} of {wanted} pods are ready")


def _job(live: Properties) -> Readiness:
    if _is_true(live, "Complete"):
        return READY
    failed = condition(live, "Failed")
    if failed.get("status") == "True":
        return Readiness(False, f"[{failed.get('reason')}] {failed.get('message')}", failed=True)
    status = live.get("status") or {}
    counts = ", ".join(f"{status.get(name, 0)} {name}" for name in ("active", "succeeded", "failed"))
    return Readiness(False, f"the job is not complete ({counts})")


def _pod(live: Properties) -> Readiness:
    phase = (live.get("status") or {}).get("phase", "Pending")
    if _is_true(live, "Ready") or phase == "Succeeded":
        return READY
    if phase == "Failed":
        return Readiness(
            False, f"the pod failed: {(live.get('status') or {}).get('message', '')}", failed=True
        )
    return Readiness(False, f"the pod is {phase}{_waiting(live)}")


def _waiting(live: Properties) -> str:
    for entry in (live.get("status") or {}).get("containerStatuses") or ():
        waiting = (entry.get("state") or {}).get("waiting") or {}
        if waiting:
            return (
                f", container {entry['name']}: {waiting.get('reason')} {waiting.get('message', '')}".rstrip()
            )
    scheduled = condition(live, "PodScheduled")
    return (
        f": {scheduled['message']}" if scheduled.get("status") == "False" and "message" in scheduled else ""
    )


def _phase(*wanted: str) -> Check:
    def check(live: Properties) -> Readiness:
        phase = (live.get("status") or {}).get("phase", "Pending")
        return READY if phase in wanted else Readiness(False, f"is {phase}, not {' or '.join(wanted)}")

    return check


def _quota(live: Properties) -> Readiness:
    same = (live.get("spec") or {}).get("hard", {}) == (live.get("status") or {}).get("hard")
    return READY if same else Readiness(False, "the quota is not in effect yet")


def _service(live: Properties) -> Readiness:
    if (live.get("spec") or {}).get("type") != "LoadBalancer" or _has_address(live):
        return READY
    return Readiness(False, "no load balancer address yet; does the cluster's cloud provider support this?")


def _ingress(live: Properties) -> Readiness:
    return READY if _has_address(live) else Readiness(False, "no load balancer address yet")


def _has_address(live: Properties) -> bool:
    return bool(((live.get("status") or {}).get("loadBalancer") or {}).get("ingress"))


def _replication_controller(live: Properties) -> Readiness:
    wanted = (live.get("spec") or {}).get("replicas", 1)
    available = (live.get("status") or {}).get("availableReplicas", 0)
    return (
        READY if available == wanted else Readiness(False, f"{available} of {wanted} replicas are available")
    )


def _secret(live: Properties) -> Readiness:
    if live.get("type") != "kubernetes.io/service-account-token" or live.get("data"):
        return READY
    return Readiness(False, "its token has not been issued yet")


def _definition(live: Properties) -> Readiness:
    names = condition(live, "NamesAccepted")
    if names.get("status") == "False":
        return Readiness(False, str(names.get("message")), failed=True)
    return (
        READY if _is_true(live, "Established") else Readiness(False, "the definition is not established yet")
    )


CHECKS: Final[dict[tuple[str, str], Check]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "Namespace"): _phase("Active"),
    ("", "PersistentVolume"): _phase("Available", "Bound"),
    ("", "ReplicationController"): _replication_controller,
    ("", "ResourceQuota"): _quota,
    ("", "Secret"): _secret,
    ("", "Service"): _service,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
}

_JSONPATH = re.compile(r"^jsonpath=\{?((?:\.[A-Za-z0-9_-]+)+)\}?(?:=(.*))?$")


def custom(annotation: str) -> Check:
    """The check that a `pulumi.com/waitFor` annotation asks for. Raises RegistrationError for other forms."""
    try:
        listed = json.loads(annotation)
    except ValueError:
        listed = annotation
    checks = [_custom(str(text)) for text in (listed if isinstance(listed, list) else [annotation])]

    def check(live: Properties) -> Readiness:
        return next((found for found in (one(live) for one in checks) if not found.ready), READY)

    return check


def _custom(text: str) -> Check:
    if text.startswith("condition="):
        type_, _, wanted = text[len("condition=") :].partition("=")
        return lambda live: (
            READY
            if str(condition(live, type_).get("status", "")).lower() == (wanted or "True").lower()
            else Readiness(False, f"condition {type_} is not {wanted or 'True'}")
        )
    match = _JSONPATH.match(text)
    if match is None:
        raise RegistrationError(
            f"pulumi.com/waitFor: given {text!r}, needs condition=TYPE or jsonpath={{.a.b}}=VALUE"
        )
    steps, value = match[1].split(".")[1:], match[2]

    def check(live: Properties) -> Readiness:
        found: Any = live
        for step in steps:
            found = found.get(step) if isinstance(found, dict) else None
        ready = found is not None and (value is None or str(found) == value)
        return READY if ready else Readiness(False, f"{match[1]} is {found!r}")

    return check
