from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from proof.errors import LoginFailed
from proof.login import Session
from tests.proof.keycloak_pages import BACK, HOST, ISSUER, KEY, PASSWORD, Pages


def session(pages: Pages, password: str = PASSWORD) -> Session:
    return Session(pages.realm, "ada", password, pages.transport())


def test_a_person_gets_a_token_by_code_and_pkce_and_the_redirect_is_never_followed(pages: Pages) -> None:
    token = session(pages).token("kubernetes")
    assert token.claims["roles"] == ["viewer"]
    assert token.claims["aud"] == "kubernetes"
    assert pages.asked == [
        "GET keycloak.test/realms/platform/auth",
        "POST keycloak.test/realms/platform/login",
        "POST keycloak.test/realms/platform/token",
    ]
    assert pages.forms[1]["grant_type"] == "authorization_code"


def test_a_further_client_gets_its_token_without_another_question(pages: Pages) -> None:
    ada = session(pages)
    ada.token("kubernetes")
    pages.asked.clear()
    assert ada.token("mlflow").claims["aud"] == "mlflow"
    assert [asked.rpartition("/")[2] for asked in pages.asked] == ["auth", "token"]


def test_an_authenticator_is_set_up_when_asked_for_and_used_afterwards(pages: Pages) -> None:
    pages.second_factor = True
    ada = session(pages)
    ada.token("kubernetes")
    assert pages.forms[1]["totpSecret"] == KEY
    assert "logout-sessions" not in pages.forms[1]
    ada._browser.cookies.clear()
    ada.token("kubernetes")
    first, second = pages.one_time
    assert len(first) == len(second) == 6
    assert first != second, "a server refuses the second use of a one-time password"


@pytest.mark.parametrize("changed", [{"state": "another"}, {"iss": "https://elsewhere.test/realms/platform"}])
def test_an_answer_to_another_question_is_refused(pages: Pages, changed: dict[str, str]) -> None:
    pages.spoil = lambda given: {**given, **changed}
    with pytest.raises(LoginFailed, match="state or issuer"):
        session(pages).token("kubernetes")
    assert not any(asked.endswith("/token") for asked in pages.asked), "the code is not redeemed"


def test_an_identity_token_of_another_login_is_refused(pages: Pages) -> None:
    pages.claims = {"nonce": "another"}
    with pytest.raises(LoginFailed, match="nonce"):
        session(pages).token("kubernetes")


@pytest.mark.parametrize("claims", [{"aud": "another"}, {"iss": f"{ISSUER}-2"}, {"exp": 1}])
def test_an_identity_token_that_is_not_for_this_client_is_refused(
    pages: Pages, claims: dict[str, object]
) -> None:
    pages.claims = claims
    with pytest.raises(LoginFailed, match="does not verify"):
        session(pages).token("kubernetes")


def test_a_token_that_another_key_signed_is_refused(pages: Pages) -> None:
    pages.other_key = rsa.generate_private_key(65537, 2048)
    with pytest.raises(LoginFailed, match="does not verify"):
        session(pages).token("kubernetes")


def test_a_password_goes_to_the_realms_server_and_nowhere_else(pages: Pages) -> None:
    pages.action_host = "https://thief.test"
    with pytest.raises(LoginFailed, match="leads away, to thief"):
        session(pages).token("kubernetes")
    assert [asked for asked in pages.asked if "thief" in asked] == []


def test_a_redirect_to_another_address_than_the_clients_is_not_followed(pages: Pages) -> None:
    ada = session(pages)
    with pytest.raises(LoginFailed, match=r"leads away, to 127\.0\.0\.1:1"):
        ada.visit(
            f"{ISSUER}/auth?state=s&redirect_uri=http://127.0.0.1:1/callback", "http://127.0.0.1:2/callback"
        )


def test_a_wrong_password_is_tried_once_and_what_the_page_says_is_told(pages: Pages) -> None:
    with pytest.raises(LoginFailed, match="Invalid username or password") as caught:
        session(pages, "wrong horse battery").token("kubernetes")
    assert len(pages.forms) == 1, "guessing again would lock the person out"
    assert "wrong horse" not in str(caught.value)


def test_an_error_of_the_realm_is_told(pages: Pages) -> None:
    pages.spoil = lambda given: {"state": given["state"], "error": "access_denied"}
    with pytest.raises(LoginFailed, match="access_denied"):
        session(pages).token("kubernetes")


def test_a_login_without_an_end_is_given_up(pages: Pages) -> None:
    circle = httpx.MockTransport(lambda _: httpx.Response(302, headers={"Location": f"{HOST}/again"}))
    with pytest.raises(LoginFailed, match="no end"):
        Session(pages.realm, "ada", PASSWORD, circle).token("kubernetes")


def test_logins_of_one_person_follow_each_other(pages: Pages) -> None:
    """A thread with a page of another one's login would be refused by the server."""
    ada, clients = session(pages), ["kubernetes", "mlflow", "objectstore", "api"]
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: ada.visit(pages.question(client), BACK), clients))
    steps = [asked.rpartition("/")[2] for asked in pages.asked]
    assert steps == ["auth", "login", "auth", "auth", "auth"]


def test_a_token_shows_nothing_of_itself(pages: Pages) -> None:
    token = session(pages).token("kubernetes")
    assert token.raw not in repr(token)
    assert PASSWORD not in repr(session(pages))
