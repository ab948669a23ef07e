"""Tokens that look like a person's own and that the realm never signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from proof.login import Realm, Token


def unsigned(token: Token, realm: Realm) -> str:
    """`alg: none` (RFC 8725 2.1)."""
    return f"{_encoded({**_header(token), 'alg': 'none'})}.{_encoded(token.claims)}."


def signed_by_another_key_with_the_same_id(token: Token, realm: Realm) -> str:
    key = rsa.generate_private_key(65537, 3072)
    return jwt.encode(dict(token.claims), key, "RS256", headers=_header(token))


def signed_with_the_public_key_as_a_password(token: Token, realm: Realm) -> str:
    """HS256 keyed by what everybody may fetch (RFC 8725 2.1)."""
    public = realm.keys[str(_header(token)["kid"])].key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    body = f"{_encoded({**_header(token), 'alg': 'HS256'})}.{_encoded(token.claims)}"
    return f"{body}.{_text(hmac.new(pem, body.encode('ascii'), hashlib.sha256).digest())}"


def changed_after_it_was_signed(token: Token, realm: Realm) -> str:
    header, _, signature = token.raw.split(".")
    return f"{header}.{_encoded({**token.claims, 'exp': token.claims['exp'] + 1})}.{signature}"


def carrying_its_own_key(token: Token, realm: Realm) -> str:
    """The key that signed it in its header: a server must take keys from the realm alone."""
    key = rsa.generate_private_key(65537, 3072)
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return jwt.encode(dict(token.claims), key, "RS256", headers={**_header(token), "jwk": own})


FORGERIES = (
    unsigned,
    signed_by_another_key_with_the_same_id,
    signed_with_the_public_key_as_a_password,
    changed_after_it_was_signed,
    carrying_its_own_key,
)


def _header(token: Token) -> dict[str, Any]:
    return jwt.get_unverified_header(token.raw)


def _encoded(part: Mapping[str, Any]) -> str:
    return _text(json.dumps(dict(part)).encode())


def _text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode("ascii")
