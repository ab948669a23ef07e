"""What the keycloak provider is told about its server, and by whom it is asked."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Final

from engine.errors import RegistrationError
from engine.providers.base import Settings
from engine.values import Properties, plain

_READ_SECONDS: Final = 60.0
_KNOWN: Final = frozenset(
    ("basePath", "clientId", "clientSecret", "clientTimeout", "initialLogin", "keycloakVersion", "realm")
) | {"rootCaCertificate", "tlsInsecureSkipVerify", "url", "version", "pluginDownloadURL", "__internal"}


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where a server is and who asks it. `authority` is the PEM of its CA, "" for those that this machine trusts.

    Times in seconds. The SDK states a clientTimeout of 5 when nobody does, too short for making a realm on a
    busy server: it limits the connecting, and an answer may take a minute at least.
    """

    url: str
    realm: str
    client_id: str
    client_secret: str = field(repr=False)
    authority: str = field(repr=False)
    connect_timeout: float
    read_timeout: float

    @classmethod
    def of(cls, urn: str, inputs: Properties, settings: Settings) -> Access:
        """From a provider's inputs and, for what they do not state, the provider's standard environment variables.

        Raises RegistrationError for a way of access that this engine does not have.
        """
        given: Properties = plain(inputs)
        unknown = sorted(given.keys() - _KNOWN)
        if unknown:
            raise RegistrationError(
                f"{urn}: {', '.join(unknown)}: this engine logs in with clientId and clientSecret and knows "
                "none of these; run with --engine pulumi"
            )
        if given.get("tlsInsecureSkipVerify") not in (None, False, "false"):
            raise RegistrationError(
                f"{urn}: tlsInsecureSkipVerify: TLS is always verified; state the server's CA as rootCaCertificate"
            )

        def text(key: str, variable: str = "", default: str = "") -> str:
            value = given.get(key)
            if isinstance(value, str) and value:
                return value
            return os.environ.get(variable) or default

        limit = _seconds(urn, text("clientTimeout", "KEYCLOAK_CLIENT_TIMEOUT", "5"))
        base = text("url", "KEYCLOAK_URL").rstrip("/") + text("basePath", "KEYCLOAK_BASE_PATH").rstrip("/")
        if base and not base.startswith("https://"):
            raise RegistrationError(f"{urn}: url: given {base!r}, needs https: secrets are sent there")
        return cls(
            url=base,
            realm=text("realm", "KEYCLOAK_REALM", "master"),
            client_id=text("clientId", "KEYCLOAK_CLIENT_ID"),
            client_secret=text("clientSecret", "KEYCLOAK_CLIENT_SECRET"),
            authority=text("rootCaCertificate"),
            connect_timeout=min(limit, settings.connect_timeout),
            read_timeout=max(limit, _READ_SECONDS),
        )

    def __str__(self) -> str:
        return f"Keycloak {self.url or '(no url)'}"

    def missing(self) -> list[str]:
        """What has to be stated still, each with its environment variable."""
        needed = {"url": self.url, "clientId": self.client_id, "clientSecret": self.client_secret}
        variables = {"url": "KEYCLOAK_URL", "clientId": "KEYCLOAK_CLIENT_ID"}
        return [
            f"{name} ({variables.get(name, 'KEYCLOAK_CLIENT_SECRET')})"
            for name, value in needed.items()
            if not value
        ]


def _seconds(urn: str, text: str) -> float:
    try:
        return float(json.loads(text))
    except (TypeError, ValueError):
        raise RegistrationError(f"{urn}: clientTimeout: given {text!r}, needs seconds") from None
