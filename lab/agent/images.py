"""The environments that stand for container images, made one at a time and away from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lab.images import Programs

Environment = Callable[[str], Programs | None]
"""Blocking: what stands for an image. Raises LabError."""


class Images:
    """Remembers what it made; two pods of one image wait for the same environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._locks: dict[str, asyncio.Lock] = {}
        self._known: dict[str, Programs] = {}

    async def environment(self, image: str) -> Programs | None:
        """The image's programs, verified or made now; None when the lab has none. Raises LabError."""
        async with self._locks.setdefault(image, asyncio.Lock()):
            known = self._known.get(image)
            if known is not None and (known.folder / "bin").is_dir():
                return known
            found = await asyncio.to_thread(self._environment, image)
            if found is not None:
                self._known[image] = found
            return found


def wholly(pod: dict[str, Any], runnable: Callable[[str], bool]) -> bool:
    """Whether every image of the pod can be run: then it is the agent's, otherwise KWOK's."""
    spec = pod.get("spec") or {}
    found = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return bool(found) and all(runnable(one.get("image") or "") for one in found)
