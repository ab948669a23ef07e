"""The providers of a run, by the URN of the resource that configured each."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final, Protocol

from engine import urn as urns
from engine.errors import RegistrationError
from engine.goal import Made
from engine.providers.base import Provider, Settings
from engine.providers.keycloak import KeycloakProvider
from engine.providers.kubernetes import KubernetesProvider
from engine.providers.planned import PlannedProvider
from engine.providers.random import RandomProvider
from engine.providers.vault import VaultProvider
from engine.values import Properties


class _Applied(Protocol):
    """A provider's class: made of the URN and the inputs of the resource that configures it."""

    def __call__(self, urn: str, inputs: Properties, settings: Settings) -> Provider: ...

    def refusal(self, type_: str) -> str: ...


_APPLIED: Final[Mapping[str, _Applied]] = {
    "keycloak": KeycloakProvider,
    "kubernetes": KubernetesProvider,
    "random": RandomProvider,
    "vault": VaultProvider,
}
_PLANNED = ("aws", "aws-native", "eks", "tls")
_BUILT_IN = {"pulumi:pulumi:Stack"}


def refusals(types: Mapping[str, Made]) -> list[str]:
    """What cannot be applied of all that a program made, as `refusal` puts it."""
    texts = (refusal(type_, made.name, custom=made.custom) for type_, made in sorted(types.items()))
    return [text for text in texts if text]


def refusal(type_: str, name: str, *, custom: bool = True) -> str:
    """Why a resource of this type can be planned only; "" if it can be applied.

    A component of a provider's own package is one that the provider builds, and needs it as much.
    """
    package = urns.package_of(type_)
    if not custom and package not in (*_APPLIED, *_PLANNED):
        return ""
    if type_ in _BUILT_IN or type_.count(":") != 2:
        return ""
    if package == "pulumi":
        return f"{name}: {type_} is a part of the real engine; run with --engine pulumi"
    known = _APPLIED.get(package)
    if known is not None:
        reason = "" if urns.is_provider(type_) else known.refusal(type_)
        return f"{name}: {type_}: {reason}" if reason else ""
    if package in _PLANNED:
        return (
            f"{name}: this engine plans {package} resources, it never applies them (it has no {package} provider); "
            "run with --engine pulumi"
        )
    return (
        f"{name}: unknown provider {package!r} of {type_}; this engine applies {', '.join(sorted(_APPLIED))}"
    )


class Providers:
    """Makes each provider once, when its resource is registered. Safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Provider] = {}
        self._former: dict[str, list[tuple[Properties, Provider]]] = {}
        self._lock = threading.Lock()
        self.stopped = False

    def configure(self, urn: str, inputs: Properties) -> Provider:
        """The provider that a provider resource configures."""
        made = self._make(urn, inputs)
        with self._lock:
            self._made[urn] = made
        return made

    def temporary(self, urn: str, inputs: Properties) -> Provider:
        """A provider as it was configured before: for objects that are to be deleted where they are."""
        with self._lock:
            for before, made in self._former.get(urn, ()):
                if before == inputs:
                    return made
            made = self._make(urn, inputs)
            self._former.setdefault(urn, []).append((inputs, made))
            return made

    def known(self, urn: str) -> Provider | None:
        """The provider of that URN, if the program registered it."""
        return self._made.get(urn)

    def _make(self, urn: str, inputs: Properties) -> Provider:
        package = urns.package_of(urns.type_of(urn))
        kind = _APPLIED.get(package)
        return PlannedProvider(package) if kind is None else kind(urn, inputs, self._settings)

    def of(self, urn: str, user: str) -> Provider:
        """The provider of that URN. Raises RegistrationError if the program never registered it."""
        found = self._made.get(urn)
        if found is None:
            raise RegistrationError(f"{user}: its provider {urn} is not a resource of this program")
        return found

    def stop(self) -> None:
        """Let every action that waits end now, and none begin. Called from a signal handler: takes no lock."""
        self.stopped = True
        for made in self._all():
            made.stop()

    def close(self) -> None:
        """Close all of them."""
        for made in self._all():
            made.close()

    def _all(self) -> list[Provider]:
        former = [made for pairs in list(self._former.values()) for _, made in list(pairs)]
        return [*list(self._made.values()), *former]
