"""ID-11. Sources: RFC 9700 2.1, 2.1.1 (PKCE), 2.1.2 and 2.4 (old grants) and 4.1 (redirects); RFC 8252 7.3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, seen, text
from controls.item import Item
from controls.settings import Settings

CLIENT: Final = "keycloak:openid/client:Client"
_ORIGIN: Final = re.compile(r"https://[^/?#\s*+@]+", re.ASCII)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def check(client: Item, _: Settings) -> Iterator[str]:
    one = client.fields
    for index, uri in enumerate(one.values("validRedirectUris")):
        if not _exact(uri):
            yield (
                f"validRedirectUris[{index}] {_judged(uri)}; write one exact https address, or the loopback "
                "interface for a native application"
            )
    for index, origin in enumerate(one.values("webOrigins")):
        if not (isinstance(origin, str) and _ORIGIN.fullmatch(origin)):
            yield f"webOrigins[{index}] {_judged(origin)}; write one exact https origin, without * or +"
    for key in ("implicitFlowEnabled", "directAccessGrantsEnabled"):
        value = one.value(key)
        if value is not None and value is not False:
            yield f"{key} {seen(value)}; set it to false"
    scope = one.value("fullScopeAllowed")
    if scope is not False:
        yield f"fullScopeAllowed {seen(scope)}; set it to false (Keycloak's default is true)"
    yield from _pkce(one)


def _pkce(client: Fields) -> Iterator[str]:
    kind, method = client.value("accessType"), client.value("pkceCodeChallengeMethod")
    if kind not in ("CONFIDENTIAL", "BEARER-ONLY") and method != "S256":
        yield f"pkceCodeChallengeMethod {seen(method)}; a public client needs S256"


def _exact(uri: object) -> bool:
    """An absolute address without wildcard, fragment or user. Loopback may go without TLS (RFC 8252 7.3)."""
    if not isinstance(uri, str) or re.search(r"[*#\s\\]", uri):
        return False
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or "+" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _judged(value: object) -> str:
    return value.value if isinstance(value, Unproved) else "is not exact" if text(value) else seen(value)


BAD = f"""\
type: {CLIENT}
name: mlflow
properties:
  accessType: CONFIDENTIAL
  fullScopeAllowed: false
  validRedirectUris: ["https://mlflow.example.com/*"]
"""

GOOD = f"""\
type: {CLIENT}
name: mlflow
properties:
  accessType: CONFIDENTIAL
  fullScopeAllowed: false
  validRedirectUris: ["https://mlflow.example.com/oauth2/callback"]
"""

CONTROL = Control(
    id="ID-11",
    title=(
        "Keycloak client: redirect URIs and web origins exact and https, no `*`, no `+`; implicit and password grants "
        "off; PKCE S256 for public clients; fullScopeAllowed false"
    ),
    severity=Severity.CRITICAL,
    anchors=("RFC 9700 2.1", "RFC 9700 2.4", "RFC 9700 4.1"),
    why="A loose redirect or an old grant hands codes, tokens or passwords to whoever controls a matching address.",
    fix="List the exact callback addresses, use the authorization code flow with PKCE, and name the client's scopes.",
    bad=BAD,
    good=GOOD,
    kinds=(CLIENT,),
    check=check,
)
