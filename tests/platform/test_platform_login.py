"""Logins that the real realm must not give: each way around the code flow with PKCE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from config.access import Role
from config.applications import APPLICATIONS, NATIVE_REDIRECT, Application
from proof import forms
from proof.login import Session
from proof.pkce import ProofKey
from tests.platform.browser import question
from tests.platform.doors import Estate
from tests.platform.newcomer import Newcomer, newcomer, session

pytestmark = pytest.mark.lab

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
every_client = pytest.mark.parametrize("application", APPLICATIONS, ids=lambda one: one.client)


@pytest.fixture(scope="module")
def realm(estate: Estate) -> Iterator[httpx.Client]:
    """The realm's endpoints, nobody logged in."""
    address = f"{estate.found.realm.issuer}/protocol/openid-connect/"
    with httpx.Client(base_url=address, verify=estate.found.trust, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def viewer(estate: Estate) -> Newcomer:
    return newcomer(estate, Role.VIEWER)


@pytest.fixture(scope="module")
def browser(estate: Estate, viewer: Newcomer) -> Iterator[Session]:
    """The viewer, logged in."""
    with session(estate, viewer) as opened:
        opened.token("kubernetes")
        yield opened


def redirect_of(estate: Estate, application: Application) -> str:
    return application.redirect_uris(estate.settings.access.domain, {})[0]


def told(answer: httpx.Response, redirect_uri: str) -> Mapping[str, str]:
    """What the client is told at its own address; a code or a token is never among it."""
    assert answer.status_code == httpx.codes.FOUND, answer.text[:300]
    where = urlsplit(answer.headers["location"])
    assert where._replace(query="", fragment="").geturl() == redirect_uri
    given = dict(parse_qsl(where.query) + parse_qsl(where.fragment))
    assert given.keys().isdisjoint({"code", "access_token", "id_token"})
    return given


def credentials(estate: Estate, application: Application) -> dict[str, str]:
    """How the client itself is known at the token endpoint; a confidential one has a secret."""
    if not application.confidential:
        return {"client_id": application.client}
    call = estate.directory.call
    (found,) = call("GET", "/clients", params={"clientId": application.client}).json()
    secret = call("GET", f"/clients/{found['id']}/client-secret").json()["value"]
    return {"client_id": application.client, "client_secret": secret}


@every_client
def test_a_login_that_is_begun_properly_shows_the_login_page(
    estate: Estate, realm: httpx.Client, application: Application
) -> None:
    """Without this the refusals below could be those of another mistake."""
    answer = realm.get("auth", params=question(application.client, redirect_of(estate, application)))
    assert answer.status_code == httpx.codes.OK
    assert any("password" in form.fields for form in forms.read(answer.text).forms)


@every_client
@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge": "short"},
    ],
    ids=["no proof key", "no method", "plain", "too short"],
)
def test_a_login_without_a_proof_key_is_refused(
    estate: Estate, realm: httpx.Client, application: Application, changed: dict[str, str | None]
) -> None:
    redirect_uri = redirect_of(estate, application)
    answer = realm.get("auth", params=question(application.client, redirect_uri, **changed))
    assert told(answer, redirect_uri)["error"] == "invalid_request"


@every_client
@pytest.mark.parametrize("kind", ["token", "id_token", "id_token token", "code token", "code id_token"])
def test_no_client_is_given_a_token_by_way_of_the_browser(
    estate: Estate, realm: httpx.Client, application: Application, kind: str
) -> None:
    redirect_uri = redirect_of(estate, application)
    answer = realm.get("auth", params=question(application.client, redirect_uri, response_type=kind))
    assert told(answer, redirect_uri)["error"] in {"unauthorized_client", "unsupported_response_type"}


@every_client
def test_no_client_is_given_a_token_for_a_password(
    estate: Estate, realm: httpx.Client, application: Application, viewer: Newcomer
) -> None:
    person = {"username": viewer.name, "password": viewer.password}
    form = {"grant_type": "password", **credentials(estate, application), **person}
    answer = realm.post("token", data=form)
    assert answer.json()["error"] == "unauthorized_client", answer.text


def test_no_client_that_keycloak_itself_made_gives_a_token_for_a_password(
    estate: Estate, realm: httpx.Client, viewer: Newcomer
) -> None:
    """An administrator's one-time password would be worth nothing."""
    person = {"username": viewer.name, "password": viewer.password}
    given = []
    for client in estate.directory.call("GET", "/clients").json():
        form = {"grant_type": "password", "client_id": client["clientId"], **person}
        if realm.post("token", data=form).is_success:
            given.append(client["clientId"])
    assert given == []


@every_client
def test_no_client_is_somebody_itself_or_logs_people_in_on_another_device(
    estate: Estate, realm: httpx.Client, application: Application
) -> None:
    itself = credentials(estate, application)
    own = realm.post("token", data={"grant_type": "client_credentials", **itself})
    assert own.json()["error"] == "unauthorized_client", own.text
    begun = realm.post("auth/device", data=itself)
    assert begun.json()["error"] == "unauthorized_client", begun.text
    ended = realm.post("token", data={"grant_type": DEVICE, "device_code": "any", **itself})
    assert ended.is_client_error


@every_client
def test_a_code_is_sent_to_no_address_but_the_clients_own(
    estate: Estate, realm: httpx.Client, application: Application
) -> None:
    own = application.redirect_uris(estate.settings.access.domain, {})
    for thief in {address for redirect_uri in own for address in thieves(redirect_uri)} - {*own}:
        answer = realm.get("auth", params=question(application.client, thief))
        assert answer.status_code == httpx.codes.BAD_REQUEST, thief
        assert "location" not in answer.headers


def thieves(redirect_uri: str) -> Iterator[str]:
    """Addresses that a careless comparison takes for this one."""
    own = urlsplit(redirect_uri)
    yield from ("*", "https://*", f"{own.scheme}://{own.netloc}/*", f"{own.scheme}://{own.netloc}/elsewhere")
    yield from (f"{redirect_uri}{more}" for more in ("/more", "?more=1", "#more", "/../elsewhere"))
    for netloc in (
        f"{own.hostname}:1",
        f"user@{own.netloc}",
        f"{own.hostname}.thief.invalid",
        "thief.invalid",
    ):
        yield own._replace(netloc=netloc).geturl()
    yield own._replace(scheme="ftp").geturl()


def test_a_scope_that_the_client_was_not_given_is_refused(estate: Estate, realm: httpx.Client) -> None:
    """Above all tokens that outlive the session."""
    for scope in ("openid offline_access", "openid roles", "openid everything"):
        answer = realm.get("auth", params=question("kubernetes", NATIVE_REDIRECT, scope=scope))
        assert told(answer, NATIVE_REDIRECT)["error"] == "invalid_scope", scope


def code_for(estate: Estate, browser: Session, key: ProofKey) -> str:
    asked = question("kubernetes", NATIVE_REDIRECT, code_challenge=key.challenge)
    address = f"{estate.found.realm.authorization_endpoint}?{urlencode(asked)}"
    return browser.visit(address, NATIVE_REDIRECT)["code"]


def exchange(estate: Estate, browser: Session) -> dict[str, str]:
    """All that turns a fresh code into tokens."""
    key = ProofKey()
    return {
        "grant_type": "authorization_code",
        "client_id": "kubernetes",
        "redirect_uri": NATIVE_REDIRECT,
        "code": code_for(estate, browser, key),
        "code_verifier": key.verifier,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": ProofKey().verifier},
        {"code_verifier": ""},
        {"client_id": "api"},
        {"redirect_uri": "http://localhost:8000"},
        {"code": "guessed"},
    ],
    ids=["another proof key", "no proof key", "another client", "another address", "another code"],
)
def test_a_stolen_code_is_worth_nothing(
    estate: Estate, realm: httpx.Client, browser: Session, changed: dict[str, str]
) -> None:
    form = exchange(estate, browser)
    answer = realm.post("token", data={**form, **changed})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"] in {"invalid_grant", "unauthorized_client"}, answer.text


def test_a_code_and_a_refresh_token_are_good_for_one_use(
    estate: Estate, realm: httpx.Client, browser: Session
) -> None:
    form = exchange(estate, browser)
    given = realm.post("token", data=form).raise_for_status().json()
    refresh = {"client_id": "kubernetes", "grant_type": "refresh_token"}
    renewed = realm.post("token", data={**refresh, "refresh_token": given["refresh_token"]})
    newer = renewed.raise_for_status().json()["refresh_token"]
    again = realm.post("token", data={**refresh, "refresh_token": given["refresh_token"]})
    assert again.json()["error"] == "invalid_grant"
    assert realm.post("token", data={**refresh, "refresh_token": newer}).is_error, (
        "the thief's chain ends too"
    )
    assert realm.post("token", data=form).json()["error"] == "invalid_grant"
