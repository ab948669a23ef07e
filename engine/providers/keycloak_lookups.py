"""The keycloak provider's functions: looking up what Keycloak makes by itself, which no program may write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from engine.providers.keycloak_server import Server, path, there
from engine.providers.keycloak_work import named
from engine.values import Properties


def _client(server: Server, given: Properties) -> Properties:
    realm, client = str(given["realmId"]), str(given["clientId"])
    found = there(
        named(server.get(path(realm, "clients"), clientId=client), clientId=client), f"client {client}"
    )
    shown = ("id", "name", "description", "enabled")
    return {
        **given,
        **{name: found[name] for name in shown if name in found},
        "resourceServerId": found["id"],
    }


def _role(server: Server, given: Properties) -> Properties:
    realm, client, name = str(given["realmId"]), given.get("clientId"), str(given["name"])
    of = path(realm, "clients", str(client), "roles", name) if client else path(realm, "roles", name)
    found = there(server.get(of), f"role {name}")
    return {**given, "id": found["id"], "description": found.get("description", "")}


FUNCTIONS: Final[Mapping[str, Callable[[Server, Properties], Properties]]] = MappingProxyType(
    {
        "keycloak:index/getRole:getRole": _role,
        "keycloak:openid/getClient:getClient": _client,
    }
)
"""What each function answers to its inputs. They raise ProviderError for what is not there."""
