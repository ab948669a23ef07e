"""What can go wrong with a pod's specification or its surroundings, in the kubelet's own words."""

from __future__ import annotations

from lab.errors import LabError


class AgentError(LabError):
    """Base of the node agent's errors."""


class ContainerConfigError(AgentError):
    """A container cannot be configured: a missing ConfigMap, Secret, key or field. Retried, as the kubelet
    does.

    `reason` is what the container's waiting state shows.
    """

    def __init__(self, message: str, reason: str = "CreateContainerConfigError") -> None:
        super().__init__(message)
        self.reason = reason


class MountError(AgentError):
    """A volume cannot be set up yet: its ConfigMap, Secret, key or claim is missing. Retried."""


class StartError(AgentError):
    """A container's command cannot be executed; the container counts as failed with exit code 128."""


class SyncError(AgentError):
    """An ExternalSecret cannot be met; the message, which holds no secret, becomes its condition."""


class AddressesExhaustedError(AgentError):
    """A block of loopback addresses is full."""


class ApiError(AgentError):
    """The API server refused a request, or could not be reached (`status` 0)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
