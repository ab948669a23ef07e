"""The realm that every login goes through: its address, its lifetimes, its first users."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from config.access import Role
from config.applications import APPLICATIONS
from config.closest import or_list
from config.endpoint import BaseUrl, Endpoint
from config.secret_paths import SecretPath
from config.types import (
    DnsLabel,
    Fqdn,
    LabelValue,
    PositiveCount,
    Settings,
    matching,
    refusal,
)

Username = Annotated[
    str,
    *matching(
        r"[a-z0-9]([-a-z0-9_.@]*[a-z0-9])?",
        "use lower-case letters, digits, '-', '_', '.' and '@'",
        longest=100,
    ),
]

Email = Annotated[
    str,
    *matching(
        r"[^@\s,;<>\"]+@[A-Za-z0-9.-]+", "use one mail address, such as 'ada@example.com'", longest=254
    ),
]

_ADDRESS = re.compile(
    r"(https://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost):[0-9]{1,5})"
    r"(/[A-Za-z0-9._~/-]*)?"
)


def _exact_redirect(value: str) -> str:
    if "*" in value or "+" in value:
        raise refusal("name every address as it is: a wildcard lets a stolen code go to a page of its thief")
    if not _ADDRESS.fullmatch(value):
        raise refusal(
            "use an https:// address without user, query or fragment (http:// for 127.0.0.1 with a port only)"
        )
    return value


RedirectUri = Annotated[str, Field(min_length=9, max_length=2048), AfterValidator(_exact_redirect)]
"""Where Keycloak may send a code: exact (RFC 9700 2.1), https, or the loopback of a native app (RFC 8252 7.3)."""


def _known_client(value: str) -> str:
    names = tuple(application.client for application in APPLICATIONS)
    if value not in names:
        raise refusal(or_list(value, names))
    return value


ClientName = Annotated[str, AfterValidator(_known_client)]
"""One of the platform's applications."""


class UserSettings(Settings):
    """A first user. An administrator gives a temporary password: none is ever in settings, code or state."""

    username: Username
    """Name to log in with."""
    email: Email
    """Mail address, as tokens say it."""
    first_name: Annotated[str, Field(min_length=1, max_length=100)]
    """First name."""
    last_name: Annotated[str, Field(min_length=1, max_length=100)]
    """Last name."""
    roles: tuple[Role, ...] = ()
    """Roles of the permission matrix. Without one the user can log in and do nothing."""
    teams: tuple[LabelValue, ...] = ()
    """Teams of the settings' tenants."""


class Lifetimes(Settings):
    """How long a login is worth something, in seconds."""

    access_token: Annotated[int, Field(strict=True, ge=60, le=900)] = 300
    """An access token; a role that was taken away works at most that long."""
    idle: Annotated[int, Field(strict=True, ge=300, le=28_800)] = 1_800
    """A session in which nothing happens."""
    session: Annotated[int, Field(strict=True, ge=600, le=86_400)] = 36_000
    """A session at all."""


class KeycloakServer(Settings):
    """A Keycloak that this program runs, on the first primary cluster, by Keycloak's own operator."""

    instances: PositiveCount = 2
    """Servers."""
    database: Endpoint
    """PostgreSQL, TLS verified."""
    secret_path: SecretPath = "keycloak"  # noqa: S105 - a path, not a secret
    """Where the secret store keeps the database's credentials: `<path>/database`."""


class AccessSettings(Settings):
    """The identity realm that every login goes through."""

    realm: DnsLabel = "mlops-platform"
    """Name of the realm."""
    keycloak: BaseUrl
    """Keycloak's address, as users and servers see it."""
    domain: Fqdn
    """The platform's applications answer at `<application>.<domain>`."""
    server: KeycloakServer | None = None
    """Keycloak itself, if this program is to run it; left out, the one at `keycloak` is used as it is."""
    lifetimes: Lifetimes = Lifetimes()
    """How long tokens and sessions live."""
    signing_key: PositiveCount = 1
    """Number of the key that signs tokens. The next number makes a new key; the former one goes on verifying
    until the number after that."""
    redirect_uris: dict[ClientName, tuple[RedirectUri, ...]] = Field(default_factory=dict)
    """Further addresses by application, besides the application's own."""
    users: tuple[UserSettings, ...] = ()
    """First users. More come by Keycloak itself and are left alone."""

    @property
    def issuer(self) -> str:
        """What tokens of the realm carry as `iss`."""
        return f"{self.keycloak}/realms/{self.realm}"


def teams(names: Iterable[str]) -> tuple[str, ...]:
    """Every team once, in the order of the settings."""
    return tuple(dict.fromkeys(names))
