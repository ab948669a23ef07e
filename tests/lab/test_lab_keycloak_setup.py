from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from lab.errors import BootstrapFailed
from lab.keycloak_setup import CLIENT, representation, settle

SECRET = "of-this-test-and-no-other"
_REALM = "/admin/realms/master"


class Keycloak:
    """The realm `master` with at most one client of ours. `writes` are the requests that change something."""

    def __init__(self, client: dict[str, Any] | None = None, *roles: str) -> None:
        self.client, self.roles = client, set(roles)
        self.writes: list[str] = []
        self.refuses = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix(_REALM)
        if self.refuses:
            return httpx.Response(403, text="not for you")
        if request.method != "GET":
            self.writes.append(f"{request.method} {path}")
            self.write(request.method, path, json.loads(request.content))
            return httpx.Response(204)
        return httpx.Response(200, json=self.read(path))

    def read(self, path: str) -> Any:
        return {
            "/clients": [{"id": "c1", **self.client}] if self.client else [],
            "/clients/c1/service-account-user": {"id": "u1"},
            "/users/u1/role-mappings/realm": [{"name": role} for role in sorted(self.roles)],
            "/roles/create-realm": {"name": "create-realm"},
        }[path]

    def write(self, method: str, path: str, body: Any) -> None:
        if path.startswith("/clients"):
            self.client = body
        elif method == "POST":
            self.roles |= {role["name"] for role in body}
        else:
            self.roles -= {role["name"] for role in body}

    def settled(self, secret: str = SECRET) -> Keycloak:
        with httpx.Client(base_url="https://x", transport=httpx.MockTransport(self)) as admin:
            settle(admin, secret)
        return self


def test_the_client_is_made_with_its_one_role_and_a_second_time_left_alone() -> None:
    server = Keycloak().settled()
    assert server.client == representation(SECRET)
    assert server.roles == {"create-realm"}
    server.writes.clear()
    assert server.settled().writes == []


@pytest.mark.parametrize(
    "changed", [{"secret": "another"}, {"publicClient": True}, {"directAccessGrantsEnabled": True}]
)
def test_a_client_that_somebody_changed_is_put_right_and_the_rest_of_it_kept(changed: dict[str, Any]) -> None:
    server = Keycloak(
        {**representation(SECRET), **changed, "description": "theirs"}, "create-realm"
    ).settled()
    assert server.writes == ["PUT /clients/c1"]
    assert server.client == {**representation(SECRET), "description": "theirs", "id": "c1"}


def test_every_other_role_is_taken_from_it() -> None:
    server = Keycloak(representation(SECRET), "create-realm", "admin", "default-roles-master").settled()
    assert server.roles == {"create-realm"}


def test_it_logs_in_by_its_secret_alone() -> None:
    wanted = representation(SECRET)
    assert wanted["clientId"] == CLIENT
    flows = ("publicClient", "standardFlowEnabled", "implicitFlowEnabled", "directAccessGrantsEnabled")
    assert not any(wanted[flow] for flow in flows)


def test_what_keycloak_refuses_is_said_without_the_secret() -> None:
    server = Keycloak()
    server.refuses = True
    with pytest.raises(BootstrapFailed, match="was answered 403") as caught:
        server.settled()
    assert SECRET not in str(caught.value)
