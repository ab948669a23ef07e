"""What the engine refuses and what can fail in it.

EngineError
├── Refusal                 the input is wrong; nothing was touched
│   ├── ProjectError        Pulumi.yaml, Pulumi.<stack>.yaml
│   ├── RegistrationError   a resource as the program registered it
│   ├── PassphraseError     missing or wrong
│   └── StackBusy           another process works on the stack
├── ProgramError            the program itself raised
├── StateError              the state file cannot be read or written
├── PackError               a policy pack did not start or broke
└── ProviderError           one resource's action failed
    ├── ClusterUnreachable  no answer within the time limit
    ├── ObjectRefused       the API server said no
    ├── Interrupted         the user stopped the run
    ├── NotOurs             the object exists and somebody else made it
    └── NotReady            applied, but not ready in time

Every message names the thing (resource, cluster, file), what was seen and what to do.
"""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything that this package raises on purpose."""


class Refusal(EngineError):
    """The input is wrong. Raised before anything outside the process was changed."""


class ProjectError(Refusal):
    """A project or stack file is missing or says something that the engine cannot use."""


class RegistrationError(Refusal):
    """The program registered something that the engine does not accept."""


class PassphraseError(Refusal):
    """The passphrase of a stack's state is missing or wrong."""


class StackBusy(Refusal):
    """Another process holds the stack's state."""


class ProgramError(EngineError):
    """The program raised. The message holds the traceback of the program's own frames."""


class StateError(EngineError):
    """The state file is damaged, of another layout or cannot be written."""


class PackError(EngineError):
    """A policy pack could not be started, configured or asked."""


class ProviderError(EngineError):
    """An action on one resource failed; the message names the resource and its cluster.

    `live` is what the action left behind all the same (an engine.providers.base.Live), if anything.
    """

    live: object = None


class ClusterUnreachable(ProviderError):
    """The API server of a cluster did not answer within the connect time-out."""


class ObjectRefused(ProviderError):
    """The API server refused an object; `immutable` says that only a replacement can help."""

    def __init__(self, message: str, *, status: int = 0, immutable: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.immutable = immutable


class Interrupted(ProviderError):
    """The run was stopped while this action waited; the next run takes it up again."""


class NotOurs(ProviderError):
    """An object of that name exists and was not made by this engine."""


class NotReady(ProviderError):
    """The object was applied and did not become ready within its time limit."""
