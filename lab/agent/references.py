"""Which other objects a pod needs before its containers can start. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
DEFAULT_TOKEN_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class TokenWanted:
    """A projected service-account token. An empty audience is the API server's own."""

    audience: str
    seconds: int


@dataclass(frozen=True, kw_only=True)
class References:
    """Names in the pod's own namespace."""

    config_maps: frozenset[str]
    secrets: frozenset[str]
    tokens: frozenset[TokenWanted]


def all_containers(pod: Object) -> list[Object]:
    """Init containers, then containers."""
    spec = pod.get("spec") or {}
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]


def token_wanted(projection: Object) -> TokenWanted:
    """What a serviceAccountToken projection asks for."""
    return TokenWanted(
        audience=projection.get("audience") or "",
        seconds=int(projection.get("expirationSeconds") or DEFAULT_TOKEN_SECONDS),
    )


def _volume_sources(pod: Object) -> Iterator[tuple[str, Object]]:
    for volume in (pod.get("spec") or {}).get("volumes") or []:
        if "configMap" in volume:
            yield "configMap", volume["configMap"]
        if "secret" in volume:
            yield "secret", {"name": volume["secret"].get("secretName", "")}
        for source in (volume.get("projected") or {}).get("sources") or []:
            yield from ((kind, source[kind]) for kind in source)


def _variable_sources(pod: Object) -> Iterator[tuple[str, Object]]:
    renamed = {"configMapRef": "configMap", "configMapKeyRef": "configMap"}
    renamed |= {"secretRef": "secret", "secretKeyRef": "secret"}
    for container in all_containers(pod):
        origins = [*(container.get("envFrom") or [])]
        origins += [one["valueFrom"] for one in container.get("env") or [] if one.get("valueFrom")]
        for origin in origins:
            yield from ((renamed[kind], origin[kind]) for kind in origin if kind in renamed)


def references(pod: Object) -> References:
    """Everything a pod refers to, optional references included."""
    found = [*_volume_sources(pod), *_variable_sources(pod)]
    return References(
        config_maps=frozenset(one.get("name", "") for kind, one in found if kind == "configMap"),
        secrets=frozenset(one.get("name", "") for kind, one in found if kind == "secret"),
        tokens=frozenset(token_wanted(one) for kind, one in found if kind == "serviceAccountToken"),
    )
