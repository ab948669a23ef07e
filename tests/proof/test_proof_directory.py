from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from proof.directory import PREFIX, Directory, ServiceAccount
from proof.errors import Impossible, Unexpected

ENDPOINT = "https://keycloak.test/realms/master/token"


class Keycloak:
    """Users by name; tokens count up and only the newest is taken."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.tokens = 0
        self.known = True
        self.deleted: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            self.tokens += 1
            assert request.headers["Authorization"].startswith("Basic ")
            return httpx.Response(200 if self.known else 401, json={"access_token": str(self.tokens)})
        if request.headers.get("Authorization") != f"Bearer {self.tokens}":
            return httpx.Response(401)
        if request.method == "POST":
            return httpx.Response(409)
        if request.method == "DELETE":
            name = request.url.path.rpartition("/")[2]
            self.deleted.append(name)
            self.users.remove(name)
            return httpx.Response(204)
        found = [
            {"id": name, "username": name} for name in sorted(self.users, reverse=True) if PREFIX in name
        ]
        return httpx.Response(200, json=found[: int(request.url.params["max"])])


@pytest.fixture
def keycloak() -> Keycloak:
    return Keycloak()


@pytest.fixture
def directory(keycloak: Keycloak) -> Iterator[Directory]:
    made = Directory(
        "https://keycloak.test",
        "platform",
        ServiceAccount(ENDPOINT, "client", "a secret"),
        httpx.MockTransport(keycloak.answer),
    )
    yield made
    made.close()


def test_leftovers_are_removed_by_name_and_nobody_else_is(keycloak: Keycloak, directory: Directory) -> None:
    keycloak.users = {f"{PREFIX}{number}" for number in range(250)} | {
        "ada",
        f"not-{PREFIX}1",
        "proof-reader",
    }
    directory.sweep()
    assert keycloak.users == {"ada", f"not-{PREFIX}1", "proof-reader"}
    assert len(keycloak.deleted) == 250


def test_a_token_is_asked_for_once_and_again_when_it_has_ended(
    keycloak: Keycloak, directory: Directory
) -> None:
    directory.sweep()
    directory.sweep()
    assert keycloak.tokens == 1
    keycloak.tokens += 1
    directory.sweep()
    assert keycloak.tokens == 3


def test_an_unknown_account_is_told_without_its_secret(keycloak: Keycloak, directory: Directory) -> None:
    keycloak.known = False
    with pytest.raises(Impossible, match="mlops lab up") as caught:
        directory.sweep()
    assert "a secret" not in str(caught.value)


def test_a_refusal_names_the_request(keycloak: Keycloak, directory: Directory) -> None:
    with pytest.raises(Unexpected, match="POST /users was answered 409"):
        directory.add("proof-twice")
