"""A realm for tests: keys, tokens, and an issuer that publishes the keys by HTTPS."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lab.certs import Subject, authority, leaf

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
    signer = authority(folder, "ca", "realm")
    pair = leaf(signer, folder, "issuer", Subject(name="issuer", hosts=("127.0.0.1",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = realm.document(self.path)
            body = json.dumps(found).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        realm = Realm(f"https://127.0.0.1:{server.server_address[1]}/realms/test")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield realm, signer.path
        finally:
            server.shutdown()
