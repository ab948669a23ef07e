"""What a pod's runner needs of the node agent around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lab.agent.pod_files import Network, Resolved
from lab.images import Programs

Object = Mapping[str, Any]


class Node(Protocol):
    """One cluster's agent, or a test's stand-in."""

    async def resolve(self, pod: Object) -> Resolved:
        """ConfigMaps, Secrets and tokens that the pod refers to. Raises ApiError."""

    async def environment(self, image: str) -> Programs | None:
        """What stands for an image; None when there is nothing. Raises LabError."""

    def network(self, pod: Object) -> Network:
        """Addresses as of now."""

    def pod_ip(self, pod: Object) -> str:
        """The address that the API shows."""

    async def publish(self, pod: Object, status: dict[str, Any]) -> Object:
        """Write the pod's status; the pod as it then is. Raises ApiError."""

    def event(self, pod: Object, kind: str, reason: str, message: str) -> None:
        """Record an event about the pod."""

    def ready_changed(self) -> None:
        """Some pod's readiness is another."""
