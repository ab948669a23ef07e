"""Secrets that are made when they are asked for: external-secrets' VaultDynamicSecret, and Webhook (see `webhook`).

Subset of generators.external-secrets.io/v1alpha1: a read of `path`, of which the data are taken. Whatever else is
asked for is refused by name, never left out in silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.agent.errors import SyncError

GROUP = "generators.external-secrets.io"
_KIND = "VaultDynamicSecret"
WEBHOOKS = "webhooks/"
"""What the name of a Webhook begins with here."""
_SUPPORTED = frozenset({"method", "path", "provider", "resultType"})
_RENEW = 2 / 3
"""Part of a lease after which another one is asked for: a failed attempt leaves time for more."""


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What the store made. It lasts for `seconds`, 0 for ever."""

    data: Mapping[str, Any] = field(repr=False)
    seconds: float


class Made:
    """What generators made for one ExternalSecret since it was last written: an attempt that fails afterwards
    leaves it here, so that the next one does not have more made."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._leases: dict[str, tuple[Lease, float]] = {}

    def keep(self, name: str, lease: Lease) -> None:
        end = self._clock() + lease.seconds * _RENEW if lease.seconds > 0 else float("inf")
        self._leases[name] = lease, end

    def holds(self, name: str) -> bool:
        """Whether there is one that has not to be replaced yet."""
        return name in self._leases and self._clock() < self._leases[name][1]

    def data(self) -> dict[str, Mapping[str, Any]]:
        """By the generator's name."""
        return {name: lease.data for name, (lease, _) in self._leases.items()}

    def due(self, refresh: float) -> float:
        """When others are wanted, by the clock: after `refresh` seconds (0: never), or before a lease ends."""
        ends = [end for _, end in self._leases.values()]
        return min([*ends, self._clock() + refresh] if refresh > 0 else ends, default=float("inf"))


def generator_name(source: Mapping[str, Any]) -> str:
    """The VaultDynamicSecret of a `dataFrom[].sourceRef`, or after `webhooks/` the Webhook. Raises SyncError for any
    other source."""
    reference = source.get("generatorRef") or {}
    kind, version = reference.get("kind"), reference.get("apiVersion") or f"{GROUP}/v1alpha1"
    if kind not in (_KIND, "Webhook") or version != f"{GROUP}/v1alpha1" or source.get("storeRef"):
        raise SyncError(
            f"dataFrom.sourceRef: the lab supports only a generatorRef of {GROUP}/v1alpha1 {_KIND} or Webhook"
        )
    return f"{WEBHOOKS if kind == 'Webhook' else ''}{reference['name']}"


def generator_address(namespace: str, name: str) -> str:
    """Where the API server has it."""
    path = name if name.startswith(WEBHOOKS) else f"vaultdynamicsecrets/{name}"
    return f"/apis/{GROUP}/v1alpha1/namespaces/{namespace}/{path}"


def generator_path(generator: Mapping[str, Any]) -> str:
    """What has to be read in the store. Raises SyncError for what the lab does not support."""
    name, spec = generator["metadata"]["name"], generator.get("spec") or {}
    what = f"{_KIND} {name!r}"
    if unknown := sorted(key for key, value in spec.items() if value and key not in _SUPPORTED):
        raise SyncError(f"{what}: spec.{unknown[0]} is not supported by the lab")
    if (method := spec.get("method") or "GET") != "GET":
        raise SyncError(f"{what}: method {method} is not supported by the lab: use GET")
    if (result := spec.get("resultType") or "Data") != "Data":
        raise SyncError(f"{what}: resultType {result} is not supported by the lab: use Data")
    path = str(spec["path"]).strip("/")
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise SyncError(f"{what}: path {spec['path']!r} leaves its mount")
    return path
