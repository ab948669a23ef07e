"""What an earlier agent showed of a container, read back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.agent.status import ContainerView, Terminated, Waiting

Object = Mapping[str, Any]


def restored(previous: Object | None, now: str) -> ContainerView | None:
    """A container as an earlier agent showed it, whose process cannot have outlived that agent.

    None when it had never run. A container that was running has then been killed (exit code 137); an init
    container that had ended well runs again, as after the restart of a node.
    """
    if previous is None:
        return None
    state, last = previous.get("state") or {}, (previous.get("lastState") or {}).get("terminated")
    count = int(previous.get("restartCount") or 0)
    ended: Terminated | None = None
    if running := state.get("running"):
        message = "the node agent ended and its containers with it"
        ended = Terminated(
            exit_code=137,
            reason="Error",
            message=message,
            started_at=running.get("startedAt"),
            finished_at=now,
        )
    elif terminated := state.get("terminated"):
        ended = _terminated(terminated)
    elif last is None:
        return None
    return ContainerView(
        name=previous["name"],
        image=previous.get("image", ""),
        state=ended or Waiting(reason="PodInitializing"),
        last=_terminated(last) if last else None,
        restarts=count,
    )


def _terminated(content: Object) -> Terminated:
    return Terminated(
        exit_code=int(content.get("exitCode") or 0),
        reason=content.get("reason") or "Error",
        message=content.get("message") or "",
        started_at=content.get("startedAt"),
        finished_at=content.get("finishedAt"),
    )
