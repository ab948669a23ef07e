"""What a provider is to the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from engine.diff import Path as PropertyPath
from engine.errors import ProviderError, RegistrationError
from engine.goal import Goal
from engine.row import Row
from engine.values import Properties


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every provider instance of a run is made with. Times in seconds."""

    root: Path
    field_manager: str = "mlops"
    connect_timeout: float = 10.0


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do to one resource. `progress` takes short messages without secrets."""

    urn: str
    name: str
    type: str
    inputs: Properties
    old: Row | None = None
    timeout: float | None = None
    import_id: str = ""
    resumed: bool = False
    owners: Callable[[str], str] = field(default=lambda _identity: "")
    progress: Callable[[str], None] = field(default=lambda _message: None)


@dataclass(frozen=True, kw_only=True)
class Live:
    """What an action left behind."""

    id: str
    outputs: Properties


class Provider(ABC):
    """One configured provider of one package.

    `check`, `replaces` and `planned` touch nothing outside the process. The others may block and are called
    from several threads. `cluster` is the name that people know the target by, if it is a cluster.
    """

    package: ClassVar[str]
    cluster: str | None = None

    @staticmethod
    def refusal(type_: str) -> str:
        """Why a resource of this type cannot be applied by this engine; "" if it can."""
        del type_
        return ""

    @abstractmethod
    def check(self, goal: Goal, old: Row | None) -> Properties:
        """The inputs as the provider completes them. Returns the goal's own object if nothing is to add."""

    def replaces(self, type_: str, inputs: Properties, changed: Iterable[PropertyPath]) -> list[PropertyPath]:
        """Those of the changed paths that can only be had by a new object of this type."""
        del type_, inputs, changed
        return []

    def planned(self, inputs: Properties) -> Properties | None:
        """The outputs a preview may show: None for the inputs alone."""
        del inputs
        return None

    def create(self, action: Action) -> Live:
        """Make the object and wait until it is ready."""
        raise ProviderError(
            f"{action.name} ({action.type}): this engine plans {self.package}, it does not apply it"
        )

    def update(self, action: Action) -> Live:
        """Bring the object to the new inputs and wait until it is ready."""
        return self.create(action)

    def delete(self, action: Action) -> None:
        """Remove the object `action.old` and wait until it is gone. Gone already is as good."""
        raise ProviderError(
            f"{action.name} ({action.type}): this engine plans {self.package}, it does not delete it"
        )

    def read(self, action: Action, id_: str) -> Live:
        """Look up an object that is not ours."""
        raise ProviderError(
            f"{action.name} ({action.type}, {id_}): {self.package} objects cannot be looked up"
        )

    def function(self, token: str, inputs: Properties) -> Properties:
        """What one of the provider's functions answers. Raises RegistrationError for one that is not known here,
        ProviderError for what it cannot find."""
        del inputs
        raise RegistrationError(
            f"{token}: this provider function is not supported by this engine; compute the value in the program "
            "or run with --engine pulumi"
        )

    def stop(self) -> None:  # noqa: B027 - most never wait
        """Give up all waits of other threads: their actions raise Interrupted."""

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back connections."""
