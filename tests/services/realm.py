"""A realm for tests: keys, tokens, and an issuer that publishes the keys by HTTPS."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests import https_server

AUDIENCE = "mlflow"
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public(key: Key, kid: str) -> dict[str, Any]:
    """The key as it stands in a key set."""
    if isinstance(key, rsa.RSAPrivateKey):
        found = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {**found, "kid": kid, "use": "sig", "alg": "RS256"}
    found = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**found, "kid": kid, "use": "sig", "alg": "ES256"}


def unsigned(claims: dict[str, Any], kid: str) -> str:
    """The claims as a token without a signature."""
    parts = [{"alg": "none", "typ": "JWT", "kid": kid}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return f"{encoded[0]}.{encoded[1]}."


@dataclass
class Realm:
    """An issuer with one signing key. `keys` is what it publishes."""

    issuer: str
    key: Key = field(default_factory=rsa_key)
    kid: str = "first"
    keys: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = [public(self.key, self.kid)]

    def claims(self, subject: str, *roles: str, **others: Any) -> dict[str, Any]:
        """Those of a good access token; a value of None leaves a claim out."""
        now = int(time.time())
        good = {
            "iss": self.issuer,
            "aud": [AUDIENCE],
            "sub": subject,
            "typ": "Bearer",
            "iat": now,
            "exp": now + 300,
            "roles": list(roles),
        }
        return {name: value for name, value in {**good, **others}.items() if value is not None}

    def token(self, subject: str, *roles: str, **others: Any) -> str:
        return self.signed(self.claims(subject, *roles, **others))

    def signed(self, claims: dict[str, Any], key: Key | None = None, kid: str | None = None) -> str:
        signer = key or self.key
        algorithm = "RS256" if isinstance(signer, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(claims, signer, algorithm, {"kid": kid or self.kid})

    def document(self, path: str) -> dict[str, Any] | None:
        """What the issuer answers at this path."""
        if path.endswith("/.well-known/openid-configuration"):
            return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/certs"}
        return {"keys": self.keys} if path.endswith("/certs") else None


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[Realm, Path]]:
    """A realm at an address of its own, and the file of the CA that its certificate is of."""

    def answer(path: str, _: str | None) -> https_server.Answer:
        found = realm.document(path)
        return (200 if found else 404), {}, json.dumps(found).encode()

    with https_server.serving(folder, answer) as (host, authority):
        realm = Realm(f"https://{host}/realms/test")
        yield realm, authority
