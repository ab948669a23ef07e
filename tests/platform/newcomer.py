"""Users of a test's own in the realm."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from proof.directory import PREFIX
from proof.login import Session
from proof.people import Person
from tests.platform.doors import Estate


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """A user as the realm has it. Users of this kind are gone with the estate."""

    name: str
    subject: str
    password: str = field(repr=False)


def newcomer(estate: Estate, group: str | None = None) -> Newcomer:
    """A new user, of one group or of none."""
    name, password = f"{PREFIX}new-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    return Newcomer(name=name, subject=estate.directory.add(name, password, group), password=password)


@contextmanager
def session(estate: Estate, user: Newcomer) -> Iterator[Session]:
    """The user with a browser of its own, which knows nothing of earlier logins."""
    opened = Session(
        estate.found.realm, user.name, user.password, httpx.HTTPTransport(verify=estate.found.trust)
    )
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def person(estate: Estate, group: str) -> Iterator[Person]:
    """A new user of that group as somebody who asks."""
    user = newcomer(estate, group)
    with session(estate, user) as opened:
        yield Person(name=user.name, subject=user.subject, role=None, session=opened)
