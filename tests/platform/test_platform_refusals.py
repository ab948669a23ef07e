"""Tokens and logins that no server of the platform may accept, each tried at every real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from config.access import ROLES_CLAIM, Role
from lab.openbao_setup import Bao
from lab.readiness import NotReady, poll
from proof import kubernetes, vault
from proof.data import ObjectStore
from proof.errors import Refused
from proof.login import Realm, Token
from proof.people import Person
from tests.platform.doors import Door, Estate
from tests.platform.forged import FORGERIES
from tests.platform.twin_realm import administrator_of_a_twin

pytestmark = pytest.mark.lab

NATIVE = ("kubernetes", "api", "mlflow", "objectstore")
SHORT = 20
"""Seconds that a token lives where a test waits for its end."""

LEEWAY = 30.0
"""Seconds after a token's end in which every server has to have noticed: clocks may differ a little."""


@pytest.fixture(scope="module")
def admin(estate: Estate) -> Person:
    return estate.people.by_role[Role.ADMIN]


def opened(doors: Sequence[Door], token: Callable[[Door], str]) -> list[str]:
    """The names of the doors that a token opens."""
    return [door.name for door in doors if door.opens(token(door))]


def refused_from_now_on(doors: Sequence[Door], tokens: Mapping[str, Token]) -> None:
    """No door opens any more, once the tokens (by door) have ended."""

    def refused_everywhere() -> None:
        if left := opened(doors, lambda door: tokens[door.name].raw):
            raise NotReady(f"it still opens {', '.join(left)}")

    longest = max(token.claims["exp"] for token in tokens.values()) - time.time()
    poll("an expired token is refused", refused_everywhere, longest + LEEWAY)


@contextmanager
def short_lived(estate: Estate, seconds: int) -> Iterator[None]:
    """While this is open, the realm gives tokens that last so long."""
    call = estate.directory.call
    before = [
        call("GET", "/clients", params={"clientId": client}).json()[0]
        for client in {door.client for door in estate.doors}
    ]
    try:
        for one in before:
            shortened = {**one["attributes"], "access.token.lifespan": str(seconds)}
            call("PUT", f"/clients/{one['id']}", json={**one, "attributes": shortened})
        yield
    finally:
        for one in before:
            kept = {"access.token.lifespan": "", **one["attributes"]}
            call("PUT", f"/clients/{one['id']}", json={**one, "attributes": kept})


@contextmanager
def role_called(estate: Estate, name: str, person: Person) -> Iterator[None]:
    """While this is open, the realm has a role of that name, the person has it, and every token says so."""
    call = estate.directory.call
    call("POST", "/roles", json={"name": name})
    try:
        role = call("GET", f"/roles/{name}").json()
        (scope,) = [one for one in call("GET", "/client-scopes").json() if one["name"] == "platform-roles"]
        call("POST", f"/client-scopes/{scope['id']}/scope-mappings/realm", json=[role])
        call("POST", f"/users/{person.subject}/role-mappings/realm", json=[role])
        yield
    finally:
        call("DELETE", f"/roles/{name}")


def test_the_right_token_opens_every_door(estate: Estate, admin: Person) -> None:
    """Without this no refusal below would mean anything."""
    assert len(estate.doors) == 2 + 2 + 1 + 1
    assert opened(estate.doors, lambda door: door.token(admin).raw) == [door.name for door in estate.doors]


def test_a_token_is_for_its_own_client_and_names_the_persons_roles_and_no_more(
    estate: Estate, admin: Person
) -> None:
    for client in NATIVE:
        claims = admin.token(client).claims
        assert (claims["aud"], claims["azp"], claims[ROLES_CLAIM]) == (client, client, ["admin"])
        assert claims["exp"] - claims["iat"] == estate.settings.access.lifetimes.access_token


def test_an_expired_token_is_refused(estate: Estate, admin: Person) -> None:
    with short_lived(estate, seconds=2):
        tokens = {door.name: door.token(admin, new=True) for door in estate.doors}
    assert {token.claims["exp"] - token.claims["iat"] for token in tokens.values()} == {2}
    lasting = {door.name: door.token(admin, new=True) for door in estate.doors}
    assert min(token.claims["exp"] for token in lasting.values()) > time.time() + 60

    refused_from_now_on(estate.doors, tokens)
    assert opened(estate.doors, lambda door: lasting[door.name].raw) == [door.name for door in estate.doors]


@pytest.mark.parametrize("client", NATIVE)
def test_a_token_for_another_audience_is_refused(estate: Estate, admin: Person, client: str) -> None:
    others = [door for door in estate.doors if door.client != client]
    assert opened(others, lambda _: admin.token(client).raw) == []


def test_a_token_of_keycloaks_own_realm_is_refused(estate: Estate) -> None:
    """The account that makes realms is nobody to the servers of the platform."""
    doors = [door for door in estate.doors if door.client in NATIVE]
    assert len(doors) == 5
    token = estate.account_token()
    assert opened(doors, lambda _: token) == []


def test_a_token_of_another_realm_that_says_the_same_is_refused(estate: Estate, admin: Person) -> None:
    with administrator_of_a_twin(estate) as other:
        for door in estate.doors:
            token = door.token(other)
            assert token.claims["iss"] != estate.found.realm.issuer
            assert not door.opens(token.raw), door.name
        for client in NATIVE[:1]:
            same = ("aud", "azp", "typ", ROLES_CLAIM)
            theirs, ours = other.token(client).claims, admin.token(client).claims
            assert {name: theirs[name] for name in same} == {name: ours[name] for name in same}


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: str(forge.__name__))
def test_a_token_that_the_realm_did_not_sign_is_refused(
    estate: Estate, admin: Person, forge: Callable[[Token, Realm], str]
) -> None:
    assert opened(estate.doors, lambda door: forge(door.token(admin), estate.found.realm)) == []


@pytest.mark.parametrize("name", ["Admin", "ADMIN"])
def test_a_role_in_another_case_is_no_role(estate: Estate, name: str) -> None:
    nobody = estate.people.nobody
    with role_called(estate, name, nobody):
        for door in estate.doors:
            token = door.token(nobody, new=True)
            if door.client in NATIVE:
                assert token.claims[ROLES_CLAIM] == [name], "the token really says it"
            assert not door.opens(token.raw), door.name
        for role in (name, "admin"):
            with pytest.raises(Refused):
                vault.enter(estate.found, nobody, role)
        for url in estate.found.clusters.values():
            with kubernetes.connect(url, estate.found) as api:
                groups = kubernetes.known(api, nobody.token("kubernetes").header)["groups"]
                assert f"mlops:{name}" in groups
                assert "mlops:admin" not in groups


def test_a_role_that_is_taken_away_is_in_no_new_token_and_ends_with_the_old_ones(estate: Estate) -> None:
    viewer = estate.people.by_role[Role.VIEWER]
    doors = [door for door in estate.doors if door.client in NATIVE]
    usual = [door.token(viewer, new=True) for door in doors]
    with short_lived(estate, SHORT):
        before = {door.name: door.token(viewer, new=True) for door in doors}
    assert opened(doors, lambda door: before[door.name].raw) == [door.name for door in doors]
    estate.directory.leave(viewer.subject, Role.VIEWER)
    taken = time.time()
    try:
        for door in doors:
            token = door.token(viewer, new=True)
            assert not token.claims.get(ROLES_CLAIM)
            assert not door.opens(token.raw), door.name
        with pytest.raises(Refused):
            vault.enter(estate.found, viewer, Role.VIEWER)
    finally:
        group = estate.directory.group(Role.VIEWER)
        estate.directory.call("PUT", f"/users/{viewer.subject}/groups/{group}")
    lifetime = estate.settings.access.lifetimes.access_token
    assert max(token.claims["exp"] for token in usual) <= taken + lifetime
    refused_from_now_on(doors, before)
    assert time.time() <= taken + SHORT + LEEWAY


@pytest.mark.parametrize("role", Role)
def test_a_person_enters_the_secret_store_in_no_role_but_the_own_one(estate: Estate, role: Role) -> None:
    person = estate.people.by_role[role]
    vault.leave(vault.enter(estate.found, person, role))
    for other in Role:
        if other is not role:
            with pytest.raises(Refused):
                vault.enter(estate.found, person, other)


def test_a_token_alone_is_no_login_to_the_secret_store(estate: Estate, admin: Person) -> None:
    """It has the realm send a code of its own; a token that was meant for others is not looked at."""
    store = Bao(estate.found.store, estate.found.authority)
    for client in NATIVE:
        token = {"role": "admin", "jwt": admin.token(client).raw}
        assert store.request("POST", "auth/oidc/login", token).status_code == 400
        bearer = Bao(estate.found.store, estate.found.authority, token["jwt"])
        assert bearer.request("GET", "secret/data/mlflow/mlops-proof").status_code == 403


def test_object_store_credentials_cannot_be_had_for_longer_than_the_token(
    estate: Estate, admin: Person
) -> None:
    store = ObjectStore(estate.found)
    token = admin.token("objectstore", new=True).raw
    with pytest.raises(Refused):
        store.enter(token, DurationSeconds=43_200)
