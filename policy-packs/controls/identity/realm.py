"""ID-12. Sources: Keycloak server administration guide (SSL modes, brute force, timeouts); RFC 9700 2.2 and 4.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, Unproved, seen, text
from controls.identity.clients import CLIENT
from controls.item import Item
from controls.settings import Settings

_REALM: Final = "keycloak:index/realm:Realm"
_DEFAULT_REALM: Final = "master"
_MINUTE: Final = 60

BOUNDS: Final = {
    "accessTokenLifespan": 15 * _MINUTE,
    "accessTokenLifespanForImplicitFlow": 15 * _MINUTE,
    "accessCodeLifespan": 5 * _MINUTE,
    "ssoSessionIdleTimeout": 60 * _MINUTE,
    "ssoSessionMaxLifespan": 12 * 60 * _MINUTE,
}
"""The longest that each may be, in seconds: a token for a quarter of an hour, a session for a working day.
Keycloak's own defaults are below all of them."""

_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)", re.ASCII)
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def check(item: Item, _: Settings) -> Iterator[str]:
    return _client(item.fields) if item.type == CLIENT else _realm(item.fields)


def _realm(realm: Fields) -> Iterator[str]:
    ssl = realm.value("sslRequired")
    if ssl is not None and text(ssl).lower() not in {"all", "external"}:
        yield f"sslRequired {seen(ssl)}; use all"
    detection = realm.section("securityDefenses").value("bruteForceDetection")
    if detection is not Unproved.UNKNOWN and not isinstance(detection, dict):
        yield "securityDefenses.bruteForceDetection is not set; turn it on"
    registration = realm.value("registrationAllowed")
    if registration is not None and registration is not False:
        yield f"registrationAllowed {seen(registration)}; set it to false"
    for key, most in BOUNDS.items():
        value = realm.value(key)
        if value is None:
            continue
        seconds = duration(value)
        if seconds is None or not 0 < seconds <= most:
            what = value.value if isinstance(value, Unproved) else "is no duration in the bound"
            yield f"{key} {what}; use at most {most} seconds"


def _client(client: Fields) -> Iterator[str]:
    if client.value("realmId") != _DEFAULT_REALM:
        return
    for index, uri in enumerate(client.values("validRedirectUris")):
        if "*" in text(uri):
            yield f"validRedirectUris[{index}] of a client in the default realm holds a wildcard; write it out"


def duration(value: object) -> float | None:
    """Seconds of a number, or of a text as Go writes durations (`1h30m`); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int | float):
        return value
    if re.fullmatch(r"\d{1,12}", value, re.ASCII):
        return float(value)
    if not re.fullmatch(rf"(?:{_PART.pattern}){{1,4}}", value, re.ASCII):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))


BAD = f"""\
type: {_REALM}
name: platform
properties: {{realm: platform, sslRequired: none}}
"""

GOOD = f"""\
type: {_REALM}
name: platform
properties:
  realm: platform
  sslRequired: all
  registrationAllowed: false
  accessTokenLifespan: 5m
  securityDefenses: {{bruteForceDetection: {{maxLoginFailures: 5}}}}
"""

CONTROL = Control(
    id="ID-12",
    title=(
        "Keycloak realm: ssl required, brute-force protection on, self-registration off, token lifetimes under the "
        "set bound, no wildcard client in the default realm"
    ),
    severity=Severity.HIGH,
    anchors=("RFC 9700", "Keycloak server administration guide"),
    why="The realm is the login of everything: what it lets pass, every server behind it lets pass.",
    fix="Require TLS, turn on brute-force detection, turn off registration and keep tokens and sessions short.",
    bad=BAD,
    good=GOOD,
    kinds=(_REALM, CLIENT),
    check=check,
)
