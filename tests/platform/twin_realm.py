"""A realm beside the platform's with the same clients, whose tokens differ in nothing but issuer and key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from config.access import ROLES_CLAIM, Role
from proof.login import Session, discover
from proof.people import Person
from tests.platform.doors import Door, Estate


@contextmanager
def administrator_of_a_twin(estate: Estate) -> Iterator[Person]:
    """Somebody who is an administrator there; the realm is gone at the end."""
    name, password = f"proof-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    address = f"{estate.found.keycloak}/admin/realms"
    with _keycloak(estate) as client:
        client.post(address, json=_realm(name, password, estate.doors)).raise_for_status()
    try:
        realm = discover(f"{estate.found.keycloak}/realms/{name}", estate.found.trust)
        assert realm is not None
        session = Session(realm, "ada", password, httpx.HTTPTransport(verify=estate.found.trust))
        try:
            yield Person(name="ada", subject="ada", role=Role.ADMIN, session=session)
        finally:
            session.close()
    finally:
        # The right to remove a realm is in no token that is older than the realm.
        with _keycloak(estate) as client:
            client.delete(f"{address}/{name}").raise_for_status()


def _keycloak(estate: Estate) -> httpx.Client:
    return httpx.Client(auth=estate.account(), verify=estate.found.trust, trust_env=False, timeout=60)


def _realm(name: str, password: str, doors: Sequence[Door]) -> dict[str, Any]:
    return {
        "realm": name,
        "enabled": True,
        "roles": {"realm": [{"name": Role.ADMIN.value}]},
        "clients": [_client(door) for door in {door.client: door for door in doors}.values()],
        "users": [
            {
                "username": "ada",
                "enabled": True,
                "email": "ada@proof.invalid",
                "firstName": "Ada",
                "lastName": "Proof",
                "credentials": [{"type": "password", "value": password, "temporary": False}],
                "realmRoles": [Role.ADMIN.value],
            }
        ],
    }


def _client(door: Door) -> dict[str, Any]:
    return {
        "clientId": door.client,
        "publicClient": True,
        "standardFlowEnabled": True,
        "fullScopeAllowed": True,
        "redirectUris": [door.redirect_uri],
        "protocolMappers": [
            _mapper("audience", "oidc-audience-mapper", {"included.client.audience": door.client}),
            _mapper(
                "roles",
                "oidc-usermodel-realm-role-mapper",
                {"claim.name": ROLES_CLAIM, "multivalued": "true", "jsonType.label": "String"},
            ),
            _mapper("subject", "oidc-sub-mapper", {}),
        ],
    }


def _mapper(name: str, kind: str, settings: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": kind,
        "config": {"access.token.claim": "true", "introspection.token.claim": "true", **settings},
    }
