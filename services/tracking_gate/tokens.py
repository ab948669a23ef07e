"""Who a caller is: the realm's access token for this gate, verified.

Nothing is asked of the realm but its keys, so a token says what was true when it was issued: a role that is
taken away ends with the token (the realm's tokens live 300 s), not before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from tracking_gate.errors import unauthenticated
from tracking_gate.keys import ALGORITHMS, Keys

LEEWAY = 10
"""Seconds by which two clocks may differ."""
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,254}")
"""Subjects stand in MLflow's filters, so they hold nothing that a filter could mean."""


@dataclass(frozen=True)
class Caller:
    """A person, by the realm's subject, with the roles of the token by exact case."""

    subject: str
    roles: frozenset[str]


class Tokens:
    """Verifies the tokens of one issuer for one audience."""

    def __init__(self, keys: Keys, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience

    async def caller(self, headers: Sequence[str]) -> Caller:
        """Who sent these Authorization headers. Raises `Refused`: 401, or 503 when the keys cannot be had."""
        token = bearer(headers)
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise unauthenticated("the token is no signed JWT") from None
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALGORITHMS or not isinstance(kid, str) or "crit" in header:
            raise unauthenticated("the token is not signed as the realm signs")
        key = await self._keys.key(kid)
        if key.algorithm_name != algorithm:
            raise unauthenticated("the token is not signed as the realm signs")
        return _caller(self._claims(token, key))

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise unauthenticated(_reason(error)) from None


def bearer(headers: Sequence[str]) -> str:
    """The one bearer token of these Authorization headers. Raises `Refused`."""
    scheme, _, token = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("send the realm's token as Authorization: Bearer")
    return token.strip()


def _caller(claims: dict[str, Any]) -> Caller:
    subject, roles = claims["sub"], claims.get("roles", [])
    if claims.get("typ") != "Bearer":
        raise unauthenticated("the token is no access token")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise unauthenticated("the token names no usable subject")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise unauthenticated("the token's roles are no list")
    return Caller(subject, frozenset(roles))


def _reason(error: jwt.PyJWTError) -> str:
    """In words of the gate's own: the library's may repeat what the token holds."""
    known = {
        jwt.ExpiredSignatureError: "the token has expired",
        jwt.ImmatureSignatureError: "the token is not valid yet",
        jwt.InvalidAudienceError: "the token is for another audience",
        jwt.InvalidIssuerError: "the token is of another issuer",
        jwt.InvalidSignatureError: "the token's signature is wrong",
        jwt.MissingRequiredClaimError: "the token lacks a claim",
    }
    return next((words for kind, words in known.items() if isinstance(error, kind)), "the token is not valid")
