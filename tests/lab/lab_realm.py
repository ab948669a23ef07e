"""A small realm in the tests' lab, made as the program makes it: by its own client and its own rights.

Its clients are service accounts, so that a test has a token of any role without a browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.access import ROLES_CLAIM, Role
from lab import keycloak
from lab.access import environment
from lab.lab import Lab

SECRET = "of-this-test-and-no-other"


class Realm:
    """The realm of that name in the lab's Keycloak, as the holder of the program's credentials sees it."""

    def __init__(self, lab: Lab, name: str = keycloak.REALM) -> None:
        self.name = name
        given = environment(lab.folder)
        self.session = keycloak.session(lab.site())
        answer = self._token("master", given["KEYCLOAK_CLIENT_ID"], given["KEYCLOAK_CLIENT_SECRET"])
        self.session.headers["Authorization"] = f"Bearer {answer}"

    def create(self, *clients: dict[str, Any]) -> None:
        document = {
            "realm": self.name,
            "enabled": True,
            "accessTokenLifespan": 300,
            "roles": {"realm": [{"name": role} for role in (*Role, "Admin")]},
            "clients": list(clients),
        }
        self.session.post("/admin/realms", json=document).raise_for_status()

    def delete(self) -> None:
        self.session.delete(f"/admin/realms/{self.name}")

    def close(self) -> None:
        self.session.close()

    def token(self, client_id: str, *roles: str) -> str:
        """An access token of the client's service account with exactly these roles."""
        found = self._get("/clients", clientId=client_id)[0]["id"]
        account = self._get(f"/clients/{found}/service-account-user")["id"]
        path = f"/admin/realms/{self.name}/users/{account}/role-mappings/realm"
        held = self._get(f"/users/{account}/role-mappings/realm")
        self.session.request("DELETE", path, json=held).raise_for_status()
        wanted = [self._get(f"/roles/{role}") for role in roles]
        self.session.post(path, json=wanted).raise_for_status()
        return self._token(self.name, client_id, SECRET)

    def _get(self, path: str, **query: str) -> Any:
        answer = self.session.get(f"/admin/realms/{self.name}{path}", params=query)
        return answer.raise_for_status().json()

    def _token(self, realm: str, client_id: str, secret: str) -> str:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answer = self.session.post(f"/realms/{realm}/protocol/openid-connect/token", data=form)
        return str(answer.raise_for_status().json()["access_token"])


def client(name: str, audiences: Sequence[str] = ()) -> dict[str, Any]:
    """A client whose tokens name itself (or `audiences`) as audience and carry the account's roles."""
    mappers = [
        {
            "name": f"audience-{audience}",
            "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            "config": {"included.custom.audience": audience, "access.token.claim": "true"},
        }
        for audience in audiences or (name,)
    ]
    roles = {
        "name": "roles",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-realm-role-mapper",
        "config": {"claim.name": ROLES_CLAIM, "multivalued": "true", "access.token.claim": "true"},
    }
    return {
        "clientId": name,
        "secret": SECRET,
        "publicClient": False,
        "serviceAccountsEnabled": True,
        "standardFlowEnabled": False,
        "defaultClientScopes": ["basic"],
        "fullScopeAllowed": True,
        "protocolMappers": [*mappers, roles],
    }
