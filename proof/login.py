"""A person's login to the realm without a browser: the authorization code flow with PKCE over verified TLS.

The pages are the ones that a person sees, the cookies are kept, and so further clients get their tokens without
another question. A code is read off the redirect; its address is never asked. What a person types goes to the
realm's own server and nowhere else.
"""

from __future__ import annotations

import secrets
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx
import jwt

from config.applications import NATIVE_REDIRECT
from proof import forms
from proof.errors import LoginFailed
from proof.forms import Form
from proof.pkce import METHOD, ProofKey
from proof.totp import Authenticator

_SECONDS = 30.0
_PAGES = 12
"""Pages and redirects until a login is given up."""

_ALGORITHMS = ["RS256"]


@dataclass(frozen=True, kw_only=True)
class Realm:
    """One realm as its discovery document describes it; `keys` verify its tokens."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: Mapping[str, jwt.PyJWK] = field(repr=False)

    def claims(self, token: str, **checks: Any) -> dict[str, Any]:
        """What a token of this realm says. Raises LoginFailed when it is not one, or a check fails."""
        try:
            key = self.keys[str(jwt.get_unverified_header(token).get("kid"))]
            return jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                issuer=self.issuer,
                options={"verify_aud": "audience" in checks},
                leeway=5,
                **checks,
            )
        except (jwt.PyJWTError, KeyError) as error:
            raise LoginFailed(f"{self.issuer}: its token does not verify: {type(error).__name__}") from None


@dataclass(frozen=True, kw_only=True)
class Token:
    """An access token and what it says."""

    raw: str = field(repr=False)
    claims: Mapping[str, Any]

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.raw}"}


def discover(address: str, trust: ssl.SSLContext) -> Realm | None:
    """The realm at this address (`https://.../realms/<name>`); None if the server has no such realm."""
    with httpx.Client(verify=trust, timeout=_SECONDS, trust_env=False) as client:
        answer = client.get(f"{address}/.well-known/openid-configuration")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found = answer.raise_for_status().json()
        keys = client.get(found["jwks_uri"]).raise_for_status().json()["keys"]
    return Realm(
        issuer=found["issuer"],
        authorization_endpoint=found["authorization_endpoint"],
        token_endpoint=found["token_endpoint"],
        keys={key["kid"]: jwt.PyJWK.from_dict(key) for key in keys if key.get("use") == "sig"},
    )


class Session:
    """One person at one realm: the cookies of a browser and, once there is one, the person's authenticator.

    Logins from several threads follow each other: two at once would each get a page of the other's.
    """

    def __init__(self, realm: Realm, username: str, password: str, transport: httpx.BaseTransport) -> None:
        self._realm, self._username, self._password = realm, username, password
        self._authenticator: Authenticator | None = None
        self._one_at_a_time = threading.Lock()
        self._browser = httpx.Client(
            transport=transport, timeout=_SECONDS, trust_env=False, follow_redirects=False
        )

    def close(self) -> None:
        self._browser.close()

    def token(self, client: str, redirect_uri: str = NATIVE_REDIRECT) -> Token:
        """A new access token for that public client. Raises LoginFailed."""
        key, state, nonce = ProofKey(), secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        question = {
            "response_type": "code",
            "client_id": client,
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": key.challenge,
            "code_challenge_method": METHOD,
        }
        returned = self.visit(f"{self._realm.authorization_endpoint}?{urlencode(question)}", redirect_uri)
        if returned.get("state") != state or returned.get("iss", self._realm.issuer) != self._realm.issuer:
            raise LoginFailed(f"{self._username}: the answer is not to what was asked (state or issuer)")
        given = self._redeem(
            client_id=client, redirect_uri=redirect_uri, code=returned["code"], code_verifier=key.verifier
        )
        if self._realm.claims(given["id_token"], audience=client).get("nonce") != nonce:
            raise LoginFailed(f"{self._username}: the identity token is not of this login (nonce)")
        raw = given["access_token"]
        return Token(raw=raw, claims=self._realm.claims(raw))

    def visit(self, address: str, redirect_uri: str) -> dict[str, str]:
        """Go through the login that begins at this address of the realm; what was given to `redirect_uri`.

        Raises LoginFailed when the realm shows a page that it has no answer to, or gives no code.
        """
        with self._one_at_a_time:
            return self._visit(address, redirect_uri)

    def _visit(self, address: str, redirect_uri: str) -> dict[str, str]:
        answer = self._browser.get(self._own(address))
        answered: set[frozenset[str]] = set()
        for _ in range(_PAGES):
            if not answer.has_redirect_location:
                answer = self._fill(answer, answered)
                continue
            there = urljoin(str(answer.url), answer.headers["location"])
            if there.partition("?")[0] == redirect_uri:
                return self._returned(there)
            answer = self._browser.get(self._own(there))
        raise LoginFailed(f"{self._username}: no end of pages after {_PAGES}")

    def _returned(self, address: str) -> dict[str, str]:
        found = dict(parse_qsl(urlsplit(address).query))
        if "code" not in found:
            raise LoginFailed(
                f"{self._username}: {found.get('error')}: {found.get('error_description', 'no reason given')}"
            )
        return found

    def _redeem(self, **form: str) -> dict[str, Any]:
        answer = self._browser.post(
            self._realm.token_endpoint, data={"grant_type": "authorization_code", **form}
        )
        found: dict[str, Any] = answer.json()
        if answer.is_error:
            raise LoginFailed(f"{self._username}: the code is not redeemed: {found.get('error_description')}")
        return found

    def _own(self, address: str) -> str:
        """The address, if it is the realm's server's."""
        if urlsplit(address)[:2] != urlsplit(self._realm.issuer)[:2]:
            raise LoginFailed(f"{self._username}: the login leads away, to {urlsplit(address).netloc}")
        return address

    def _fill(self, answer: httpx.Response, answered: set[frozenset[str]]) -> httpx.Response:
        """Send the page's form. One that comes back was answered wrongly and is not tried again: guessing locks
        the person out."""
        page = forms.read(answer.text)
        for form in page.forms:
            typed = self._typed(form) if frozenset(form.fields) not in answered else {}
            if typed:
                answered.add(frozenset(form.fields))
                action = self._own(urljoin(str(answer.url), form.action))
                return self._browser.post(action, data={**form.fields, **typed})
        raise LoginFailed(
            f"{self._username}: page {answer.status_code} that cannot be filled in: {page.told}"
        )

    def _typed(self, form: Form) -> dict[str, str]:
        """What this person types into a form; nothing for one that is not known."""
        names = form.fields.keys()
        if "totpSecret" in names:
            self._authenticator = Authenticator(form.fields["totpSecret"].encode("ascii"))
            return {"totp": self._authenticator.password(), "userLabel": "proof"}
        if "otp" in names and self._authenticator is not None:
            return {"otp": self._authenticator.password()}
        if "password-new" in names:
            self._password = secrets.token_urlsafe(24)
            return {"password-new": self._password, "password-confirm": self._password}
        if "password" in names:
            return {"username": self._username, "password": self._password}
        if {"firstName", "lastName"} <= names:
            return dict(form.fields)
        return {}
