"""The realm's users and groups, as the service account manages them that made the realm."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import httpx

from proof.errors import Impossible, Unexpected

PREFIX = "mlops-proof-"
"""How the names of a proof's users, experiments and models begin. Nobody else's do."""

_SECONDS = 30.0
_PAGE = 100


class ServiceAccount(httpx.Auth):
    """The token of a client's own account (RFC 6749 4.4), renewed when the server no longer takes it.

    Not for the people of a proof: they log in as people do.
    """

    requires_response_body = True

    def __init__(self, token_endpoint: str, client: str, secret: str) -> None:
        self._endpoint, self._client, self._secret = token_endpoint, client, secret
        self._token = ""
        self._lock = threading.Lock()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        used = self._token
        if used:
            request.headers["Authorization"] = f"Bearer {used}"
            if (yield request).status_code != httpx.codes.UNAUTHORIZED:
                return
        with self._lock:
            if self._token == used:
                self._token = self._read((yield self._question()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _question(self) -> httpx.Request:
        credentials = (self._client, self._secret)
        form = {"grant_type": "client_credentials"}
        question = httpx.Request("POST", self._endpoint, data=form)
        return next(httpx.BasicAuth(*credentials).auth_flow(question))

    def _read(self, answer: httpx.Response) -> str:
        if answer.is_error:
            raise Impossible(
                f"Keycloak does not know the service account {self._client!r} (status {answer.status_code}): "
                "run `mlops lab up`"
            )
        return str(answer.json()["access_token"])


class Directory:
    """One realm by Keycloak's admin API. Raises Unexpected for what it refuses."""

    def __init__(self, address: str, realm: str, account: httpx.Auth, transport: httpx.BaseTransport) -> None:
        """`address` is Keycloak's."""
        self._client = httpx.Client(
            base_url=f"{address}/admin/realms/{realm}",
            auth=account,
            transport=transport,
            timeout=_SECONDS,
            trust_env=False,
        )

    def close(self) -> None:
        self._client.close()

    def add(self, name: str, password: str | None = None, group: str | None = None) -> str:
        """Make a user; without a password nobody can log in as it. The result is its id."""
        wanted: dict[str, Any] = {
            "username": name,
            "email": f"{name}@proof.invalid",
            "emailVerified": True,
            "firstName": "Proof",
            "lastName": name,
            "enabled": password is not None,
            "groups": [group] if group else [],
        }
        if password is not None:
            wanted["credentials"] = [{"type": "password", "value": password, "temporary": False}]
        return self.call("POST", "/users", json=wanted).headers["location"].rpartition("/")[2]

    def group(self, name: str) -> str:
        """The id of a group."""
        return str(self.call("GET", f"/group-by-path/{name}").json()["id"])

    def leave(self, user: str, group: str) -> None:
        """Take a user out of a group."""
        self.call("DELETE", f"/users/{user}/groups/{self.group(group)}")

    def sweep(self) -> None:
        """Remove every user of a proof, of this one or of one that was killed."""
        while found := self._page():
            for user in found:
                self.call("DELETE", f"/users/{user['id']}")

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request below the realm."""
        answer = self._client.request(method, path, **options)
        if answer.is_error:
            raise Unexpected(
                f"Keycloak: {method} {path} was answered {answer.status_code}: {answer.text[:200]}"
            )
        return answer

    def _page(self) -> list[dict[str, Any]]:
        query = {"search": PREFIX, "max": str(_PAGE), "briefRepresentation": "true"}
        found = self.call("GET", "/users", params=query).json()
        return [user for user in found if user["username"].startswith(PREFIX)]
