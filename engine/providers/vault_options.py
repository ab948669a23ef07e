"""Where the Vault server is and how to enter it: the provider's inputs, else the standard variables."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from engine.errors import ObjectRefused, RegistrationError
from engine.values import UNKNOWN, Properties, Secret, plain

_CHILD_SECONDS: Final = 1200
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")
_REAL_ONLY: Final = ("clientAuth", "headers", "tlsServerName")


@dataclass(frozen=True, kw_only=True)
class Options:
    """A configured provider. `seconds` is the life of its child token; `verify` what certificates are held to."""

    name: str
    address: str
    token: str = field(repr=False)
    namespace: str
    verify: str | bool
    child: bool
    seconds: int
    token_name: str

    @classmethod
    def of(cls, name: str, inputs: Properties, root: Path) -> Options:
        """Read the inputs (all but strings arrive JSON-encoded). Raises RegistrationError for what it refuses."""
        given = {key: _decoded(value) for key, value in plain(inputs).items() if value is not None}
        _refuse(name, given)
        token = inputs.get("token")
        if token is not None and token is not UNKNOWN and not isinstance(token, Secret):
            raise RegistrationError(
                f"{name}: its token is given in clear; leave it to VAULT_TOKEN, or wrap it in pulumi.Output.secret"
            )
        authority = _text(given, "caCertFile", "VAULT_CACERT") or _text(given, "caCertDir", "VAULT_CAPATH")
        return cls(
            name=name,
            address=_text(given, "address", "VAULT_ADDR").rstrip("/"),
            token=_text(given, "token", "VAULT_TOKEN"),
            namespace=_text(given, "namespace", "VAULT_NAMESPACE").strip("/"),
            verify=str(root / Path(authority).expanduser()) if authority else True,
            child=given.get("skipChildToken") is not True,
            seconds=_number(given.get("maxLeaseTtlSeconds")) or _CHILD_SECONDS,
            token_name=_text(given, "tokenName", "VAULT_TOKEN_NAME") or "mlops",
        )

    def require(self) -> None:
        """Raises ObjectRefused, before anything is sent, if the server cannot be entered like this."""
        if not self.address:
            raise ObjectRefused(
                "no address of a Vault server: state address of its provider, or set VAULT_ADDR"
            )
        where = urlsplit(self.address)
        if where.scheme != "https" and not (where.scheme == "http" and where.hostname in _LOOPBACK):
            raise ObjectRefused(
                f"{self.address}: needs an https address, so that the token is not sent in clear"
            )
        if not self.token:
            raise ObjectRefused(f"no token for {self.address}: set VAULT_TOKEN")
        if isinstance(self.verify, str) and not Path(self.verify).exists():
            raise ObjectRefused(
                f"{self.verify}: no such file; it is the authority that {self.address} is held to"
            )

    def __str__(self) -> str:
        return f"Vault {self.name} ({self.address})"


def _refuse(name: str, given: Properties) -> None:
    if given.get("skipTlsVerify") is True:
        raise RegistrationError(
            f"{name}: skipTlsVerify (VAULT_SKIP_VERIFY): certificates are always verified; give the authority's "
            "certificate as caCertFile (VAULT_CACERT)"
        )
    for key in sorted(given):
        if key in _REAL_ONLY or key.startswith("authLogin"):
            raise RegistrationError(
                f"{name}: {key} is not supported by this engine, which enters with a token (VAULT_TOKEN); "
                "run with --engine pulumi"
            )


def _decoded(value: Any) -> Any:
    """Bridged SDKs encode what is no string; a string that reads like one of those means the same."""
    if isinstance(value, str) and (value in ("true", "false") or value[:1] in ("[", "{")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _text(given: Properties, key: str, variable: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) and value else os.environ.get(variable, "")


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int) or (isinstance(value, str) and value.isdigit()) else 0
