"""What the API shows of a pod: the runner's view of its containers turned into `status`.

Pure. Phase and conditions follow the kubelet (pkg/kubelet/kubelet_pods.go getPhase, status/generate.go): a
reader such as a Deployment controller or `pulumi up` must not be able to tell the difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Not running yet or again; `reason` as the kubelet names it (PodInitializing, CrashLoopBackOff, ...)."""

    reason: str
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Running:
    """`started_at` in RFC 3339."""

    started_at: str


@dataclass(frozen=True, kw_only=True)
class Terminated:
    """Ended. A process killed by signal n has exit code 128+n, as in a container runtime."""

    exit_code: int
    reason: str
    message: str = ""
    started_at: str | None = None
    finished_at: str | None = None


State = Waiting | Running | Terminated


@dataclass(frozen=True, kw_only=True)
class ContainerView:
    """One container as the runner sees it. `started`: its startup probe, if any, has succeeded."""

    name: str
    image: str
    state: State
    last: Terminated | None = None
    restarts: int = 0
    ready: bool = False
    started: bool = False


@dataclass(frozen=True, kw_only=True)
class PodView:
    """A pod as its runner sees it."""

    init: Sequence[ContainerView] = ()
    main: Sequence[ContainerView] = ()
    pod_ip: str
    host_ip: str
    started_at: str
    volumes_ready: bool = False
    failed: tuple[str, str] | None = None
    """(reason, message) when the pod as a whole was ended, for example DeadlineExceeded."""
    sidecars: frozenset[str] = field(default_factory=frozenset)
    """Names of init containers with restartPolicy Always; they run beside the main containers."""


def initialized(view: PodView) -> bool:
    """Every init container has ended well, every sidecar has started."""
    return all(
        one.started if one.name in view.sidecars else _succeeded(one.state) for one in view.init
    ) or any(isinstance(one.state, Running | Terminated) or one.restarts for one in view.main)


def _succeeded(state: State) -> bool:
    return isinstance(state, Terminated) and state.exit_code == 0


def phase(view: PodView, restart_policy: str, *, deleting: bool = False) -> str:
    """Pending, Running, Succeeded or Failed. `deleting`: the pod is going and none of its processes is
    left."""
    steps = [one.state for one in view.init if one.name not in view.sidecars]
    init_failed = restart_policy == "Never" and any(_failed(one) for one in steps)
    ended = [one.state for one in view.main if isinstance(one.state, Terminated)]
    good = all(state.exit_code == 0 for state in ended)
    never_ran = any(isinstance(one.state, Waiting) and one.last is None for one in view.main)
    if view.failed or init_failed:
        result = "Failed"
    elif ended and len(ended) == len(view.main):
        starts_again = restart_policy == "Always" or (restart_policy == "OnFailure" and not good)
        final = "Succeeded" if good else "Failed"
        result = "Running" if starts_again and not deleting else final
    elif deleting:
        result = "Failed"
    else:
        result = "Pending" if never_ran or not initialized(view) else "Running"
    return result


def _failed(state: State) -> bool:
    return isinstance(state, Terminated) and state.exit_code != 0


def pod_status(pod: Object, view: PodView, now: str, *, deleting: bool = False) -> dict[str, Any]:
    """The `status` to write: a strategic merge patch of it keeps other writers' conditions."""
    spec = pod.get("spec") or {}
    current = phase(view, spec.get("restartPolicy") or "Always", deleting=deleting)
    result: dict[str, Any] = {
        "phase": current,
        "conditions": _conditions(pod, view, current, now),
        "containerStatuses": [_container(one) for one in view.main],
        "hostIP": view.host_ip,
        "hostIPs": [{"ip": view.host_ip}],
        "podIP": view.pod_ip,
        "podIPs": [{"ip": view.pod_ip}],
        "startTime": view.started_at,
        "reason": view.failed[0] if view.failed else None,
        "message": view.failed[1] if view.failed else None,
    }
    if view.init:
        done = [replace(one, ready=one.ready or _succeeded(one.state)) for one in view.init]
        result["initContainerStatuses"] = [_container(one) for one in done]
    return result


def _container(view: ContainerView) -> dict[str, Any]:
    return {
        "name": view.name,
        "image": view.image,
        "imageID": "",
        "ready": view.ready,
        "started": view.started,
        "restartCount": view.restarts,
        "state": _state(view.state),
        "lastState": _state(view.last) if view.last else {},
    }


def _state(state: State) -> dict[str, Any]:
    match state:
        case Waiting():
            return {
                "waiting": {"reason": state.reason} | ({"message": state.message} if state.message else {})
            }
        case Running():
            return {"running": {"startedAt": state.started_at}}
        case Terminated():
            optional = {
                "message": state.message,
                "startedAt": state.started_at,
                "finishedAt": state.finished_at,
            }
            return {
                "terminated": {"exitCode": state.exit_code, "reason": state.reason}
                | {key: value for key, value in optional.items() if value}
            }


def _conditions(pod: Object, view: PodView, current: str, now: str) -> list[dict[str, Any]]:
    previous = {one["type"]: one for one in (pod.get("status") or {}).get("conditions") or []}
    ended = current in {"Succeeded", "Failed"}
    pending = [one.name for one in view.init if not (one.ready or _succeeded(one.state) or one.started)]
    watched = [*view.main, *(one for one in view.init if one.name in view.sidecars)]
    unready = [one.name for one in watched if not one.ready]
    gates = [gate["conditionType"] for gate in (pod.get("spec") or {}).get("readinessGates") or []]
    closed = [gate for gate in gates if previous.get(gate, {}).get("status") != "True"]

    if initialized(view):
        begun = ("True", "PodCompleted" if current == "Succeeded" else "", "")
    else:
        begun = (
            "False",
            "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(pending)}]",
        )
    if ended:
        together = ("False", "PodCompleted" if current == "Succeeded" else "PodFailed", "")
    elif unready:
        together = ("False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    else:
        together = ("True", "", "")
    ready = together
    if together[0] == "True" and closed:
        ready = ("False", "ReadinessGatesNotReady", f"readiness gates not met: {' '.join(closed)}")
    wanted = {
        "PodReadyToStartContainers": ("True" if view.volumes_ready and not ended else "False", "", ""),
        "Initialized": begun,
        "Ready": ready,
        "ContainersReady": together,
    }
    return [_condition(kind, values, previous.get(kind), now) for kind, values in wanted.items()]


def _condition(kind: str, wanted: tuple[str, str, str], previous: Object | None, now: str) -> dict[str, Any]:
    status, reason, message = wanted
    unchanged = previous is not None and previous.get("status") == status
    since = previous.get("lastTransitionTime") if unchanged and previous is not None else None
    return {
        "type": kind,
        "status": status,
        "reason": reason or None,
        "message": message or None,
        "lastProbeTime": None,
        "lastTransitionTime": since or now,
    }
