"""The gate's configuration: environment variables, all of them checked before it listens.

| Variable | Meaning |
|---|---|
| `ISSUER` | the realm's issuer, exactly as its tokens say it; https |
| `AUDIENCE` | what the `aud` of a token must hold |
| `UPSTREAM` | MLflow's address, such as `http://mlflow.platform.svc:5000` |
| `PERMISSIONS` | path of the JSON file of `tracking_gate.permissions` |
| `JWKS_URI` | optional: the realm's key set, if not the one that discovery names; https |
| `AUTHORITY` | optional: file of the CAs that servers' certificates are of; the system's CAs without it |
| `HOST`, `PORT` | optional: where the gate listens; 127.0.0.1 and 8080 |
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tracking_gate.permissions import Matrix, MatrixError, load

_HOST, _PORT = "127.0.0.1", "8080"


class SettingsError(Exception):
    """The configuration is refused. The message has one line for each mistake."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A configuration that can be used. Holds no secret."""

    issuer: str
    audience: str
    upstream: str
    matrix: Matrix
    tls: ssl.SSLContext
    """What the certificates of the issuer, and of MLflow when it has one, are verified by."""
    jwks_uri: str | None = None
    host: str = _HOST
    port: int = int(_PORT)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings in these variables. Raises `SettingsError` with every mistake that was found."""
    reader = _Reader(environment)
    issuer, audience = reader.url("ISSUER", "https"), reader.text("AUDIENCE")
    upstream = reader.url("UPSTREAM", "http", "https", path=False)
    jwks_uri = reader.url("JWKS_URI", "https") if environment.get("JWKS_URI") else None
    matrix, tls, port = reader.matrix("PERMISSIONS"), reader.tls("AUTHORITY"), reader.port("PORT")
    if reader.mistakes or matrix is None or tls is None:
        raise SettingsError("\n".join(reader.mistakes))
    return Settings(
        issuer=issuer,
        audience=audience,
        upstream=upstream,
        matrix=matrix,
        tls=tls,
        jwks_uri=jwks_uri,
        host=environment.get("HOST") or _HOST,
        port=port,
    )


class _Reader:
    """Reads variables and gathers what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.mistakes: list[str] = []

    def text(self, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            self.mistakes.append(f"{name}: not set")
        return value

    def url(self, name: str, *schemes: str, path: bool = True) -> str:
        """Without a slash at its end, a user, a query or a fragment; `path` tells whether it may have one."""
        value = self.text(name)
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and parts.hostname and parts.port != 0 and (path or not parts.path)
        except ValueError:
            good = False
        if value and (not good or parts.username or parts.query or parts.fragment or value.endswith("/")):
            wanted = " or ".join(f"{scheme}://host[:port]{'[/path]' if path else ''}" for scheme in schemes)
            self.mistakes.append(f"{name}: {value!r} is no address like {wanted}")
        return value

    def port(self, name: str) -> int:
        value = self._environment.get(name) or _PORT
        if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
            self.mistakes.append(f"{name}: {value!r} is no port")
            return 0
        return int(value)

    def matrix(self, name: str) -> Matrix | None:
        path = self.text(name)
        try:
            return load(Path(path)) if path else None
        except MatrixError as error:
            self.mistakes.append(f"{name}: {error}")
            return None

    def tls(self, name: str) -> ssl.SSLContext | None:
        path = self._environment.get(name) or None
        try:
            return ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError) as error:
            self.mistakes.append(f"{name}: {path!r} cannot be read as certificates: {error}")
            return None
