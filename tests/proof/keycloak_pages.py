"""A realm on paper: Keycloak's pages, redirects and tokens as `proof.login` sees them, answered in memory."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from proof.login import Realm
from proof.pkce import ProofKey

HOST = "https://keycloak.test"
ISSUER = f"{HOST}/realms/platform"
PASSWORD = "correct horse battery"
BACK = "http://127.0.0.1:18000/callback"
KEY = "12345678901234567890"

LOGIN = """<html><body><h1 id="kc-page-title">Sign in</h1>{told}
<form id="kc-form-login" action="{action}" method="post">
<input type="text" id="username" name="username" value=""/><input name="password" type="password"/>
<input type="hidden" name="credentialId"/><input name="login" type="submit" value="Sign In"/></form></body></html>"""
WRONG = '<span id="input-error" class="error">Invalid username or password.</span>'
CONFIGURE = """<form action="{action}" method="post"><input name="totp" type="text"/>
<input type="hidden" id="totpSecret" name="totpSecret" value="12345678901234567890"/>
<input type="text" name="userLabel"/><input type="checkbox" name="logout-sessions" value="on"/></form>"""
ONE_TIME = (
    '<form action="{action}" method="post"><input name="otp"/><input type="submit" name="login"/></form>'
)


@dataclass
class Pages:
    """The server. `asked` are all requests that reached it, each as method, host and path."""

    signing: rsa.RSAPrivateKey
    second_factor: bool = False
    configured: bool = False
    spoil: Callable[[dict[str, str]], Mapping[str, str]] = dict
    """What is done to the parameters of the redirect back."""
    claims: Mapping[str, object] = field(default_factory=dict)
    """Claims of the identity token that are other than they should be."""
    action_host: str = HOST
    other_key: rsa.RSAPrivateKey | None = None
    """What signs instead."""
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    one_time: list[str] = field(default_factory=list)
    _question: dict[str, str] = field(default_factory=dict)

    @property
    def realm(self) -> Realm:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.signing.public_key()))
        return Realm(
            issuer=ISSUER,
            authorization_endpoint=f"{ISSUER}/auth",
            token_endpoint=f"{ISSUER}/token",
            keys={"one": jwt.PyJWK.from_dict({**public, "alg": "RS256", "use": "sig"})},
        )

    def question(self, client: str) -> str:
        """An address that begins a login."""
        return f"{ISSUER}/auth?{urlencode({'client_id': client, 'redirect_uri': BACK, 'state': client})}"

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.host}{request.url.path}")
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        step = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            self.forms.append(form)
        match step:
            case "auth":
                query = parse_qs(request.url.query.decode())
                self._question = {name: values[0] for name, values in query.items()}
                return (
                    self._back()
                    if "known" in request.headers.get("cookie", "")
                    else self._page(LOGIN, "login")
                )
            case "login" if (form.get("username"), form.get("password")) != ("ada", PASSWORD):
                return self._page(LOGIN, "login", WRONG)
            case "login" if self.second_factor:
                return self._page(ONE_TIME if self.configured else CONFIGURE, "second")
            case "login":
                return self._back()
            case "second":
                self.configured = True
                self.one_time.append(form.get("totp") or form["otp"])
                return self._back()
            case "token":
                return self._token(form)
        return httpx.Response(404)

    def _page(self, page: str, step: str, told: str = "") -> httpx.Response:
        action = f"{self.action_host}/realms/platform/{step}?execution=1&amp;tab_id=2"
        return httpx.Response(200, html=page.format(action=action, told=told))

    def _back(self) -> httpx.Response:
        given = self.spoil({"state": self._question["state"], "iss": ISSUER, "code": "a-code"})
        where = f"{self._question['redirect_uri']}?{urlencode(given)}"
        return httpx.Response(
            302, headers={"Location": where, "Set-Cookie": "KEYCLOAK_IDENTITY=known; Path=/"}
        )

    def _token(self, form: dict[str, str]) -> httpx.Response:
        if ProofKey(form["code_verifier"]).challenge != self._question["code_challenge"]:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "PKCE"})
        now = int(time.time())
        common = {"iss": ISSUER, "sub": "ada's subject", "iat": now, "exp": now + 300}
        identity = {**common, "aud": form["client_id"], "nonce": self._question["nonce"], **self.claims}
        access = {**common, "aud": form["client_id"], "roles": ["viewer"]}
        key = self.other_key or self.signing
        tokens = [jwt.encode(claims, key, "RS256", {"kid": "one"}) for claims in (identity, access)]
        return httpx.Response(200, json={"id_token": tokens[0], "access_token": tokens[1]})
