"""The login's pages as a test goes through them: what a client asks, and what somebody types."""

from __future__ import annotations

import httpx

from config.applications import NATIVE_REDIRECT
from proof import forms
from proof.pkce import ProofKey
from tests.platform.doors import Estate


def question(client: str, redirect_uri: str, **changed: str | None) -> dict[str, str]:
    """What a client asks when it begins a login properly; None leaves a parameter out."""
    asked: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect_uri,
        "scope": "openid",
        "state": "state",
        "nonce": "nonce",
        "code_challenge": ProofKey().challenge,
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in asked.items() if value is not None}


class Browser:
    """Somebody at the login's pages who types what a test says."""

    def __init__(self, estate: Estate) -> None:
        self._address = estate.found.realm.authorization_endpoint
        self._client = httpx.Client(verify=estate.found.trust, trust_env=False, timeout=30)
        self.answer = self.begin()

    def begin(self) -> httpx.Response:
        """Begin a login in this browser."""
        self.answer = self._client.get(self._address, params=question("kubernetes", NATIVE_REDIRECT))
        return self.answer

    def type(self, **typed: str) -> httpx.Response:
        """Send the page's first form with these words."""
        form = forms.read(self.answer.text).forms[0]
        self.answer = self._client.post(form.action, data={**form.fields, **typed})
        while self.answer.has_redirect_location and not self.done:
            self.answer = self._client.get(self.answer.headers["location"])
        return self.answer

    @property
    def done(self) -> bool:
        """Whether the realm has sent a code to the client."""
        location = self.answer.headers.get("location", "")
        return location.startswith(NATIVE_REDIRECT) and "code=" in location

    @property
    def fields(self) -> set[str]:
        return {name for form in forms.read(self.answer.text).forms for name in form.fields}

    def close(self) -> None:
        self._client.close()
