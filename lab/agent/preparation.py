"""What has to be there before a pod's first container starts: its images' environments and its volumes.

Both are tried until they are there, as the kubelet does; why they are not is shown on the pod meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lab.agent.errors import ApiError, MountError
from lab.errors import LabError
from lab.images import Programs

Show = Callable[[str, str], None]
"""(waiting reason, message): every container waits for this."""
Tell = Callable[[str, str, str], None]
"""(Normal or Warning, reason, message): an event."""

_MOUNT_RETRY, _MOUNT_RETRY_LONGEST = 0.5, 5.0
_IMAGE_RETRY = 10.0


async def image(
    name: str, environment: Callable[[str], Awaitable[Programs | None]], show: Show, tell: Tell
) -> Programs:
    """What stands for an image, once there is something."""
    while True:
        show("ContainerCreating", f"preparing the environment of {name}")
        try:
            found = await environment(name)
            reason, problem = "ErrImageNeverPull", f"the lab has no environment for image {name}"
        except LabError as error:
            found, reason, problem = None, "ErrImagePull", str(error)
        if found is not None:
            return found
        show(reason, problem)
        tell("Warning", "Failed", f"Error: {reason}: {problem}")
        await asyncio.sleep(_IMAGE_RETRY)


async def volumes(write: Callable[[], Awaitable[None]], show: Show, tell: Tell) -> None:
    """`write` done without an error."""
    pause = _MOUNT_RETRY
    while True:
        try:
            await write()
        except (MountError, ApiError, OSError) as error:
            message = f"MountVolume.SetUp failed: {error}"
            show("ContainerCreating", message)
            tell("Warning", "FailedMount", message)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MOUNT_RETRY_LONGEST)
        else:
            show("ContainerCreating", "")
            return
