"""The persons of a proof: one for each role, one without any, and a second one for what belongs to others.

They are the realm's users for as long as the proof takes. Their names begin with `mlops-proof-`, and whatever has
such a name is removed at the end, and at the beginning too if an earlier proof was killed.
"""

from __future__ import annotations

import secrets
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from config.access import Role
from config.applications import NATIVE_REDIRECT
from proof.directory import PREFIX, Directory
from proof.login import Realm, Session, Token

SECOND = Role.ML_ENGINEER
"""The role of the second person: the one role that reaches its own things and not those of its equals."""

_WORKERS = 4


class Person:
    """Somebody with one role or none. Tokens are kept: each client is asked once, unless a new one is wanted."""

    def __init__(self, *, name: str, subject: str, role: Role | None, session: Session) -> None:
        self.name, self.subject, self.role, self.session = name, subject, role, session
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

    def token(self, client: str, redirect_uri: str = NATIVE_REDIRECT, *, new: bool = False) -> Token:
        """The person's token for that client. Raises LoginFailed."""
        with self._lock:
            if new or client not in self._tokens:
                self._tokens[client] = self.session.token(client, redirect_uri)
            return self._tokens[client]


@dataclass(frozen=True, kw_only=True)
class People:
    """Everybody of a proof."""

    by_role: Mapping[Role, Person]
    nobody: Person
    second: Person

    @property
    def asking(self) -> tuple[Person, ...]:
        """Those whose rights are proved; the one without a role comes last."""
        return (*self.by_role.values(), self.nobody)


@contextmanager
def people(directory: Directory, realm: Realm, trust: ssl.SSLContext) -> Iterator[People]:
    """Make everybody; they are gone at the end, whatever happens."""
    directory.sweep()
    sessions: list[Session] = []

    def person(role: Role | None, name: str) -> Person:
        username, password = f"{PREFIX}{name}-{secrets.token_hex(3)}", secrets.token_urlsafe(24)
        session = Session(realm, username, password, httpx.HTTPTransport(verify=trust))
        sessions.append(session)
        subject = directory.add(username, password, role)
        return Person(name=username, subject=subject, role=role, session=session)

    wanted: Sequence[tuple[Role | None, str]] = (
        *((role, role.value) for role in Role),
        (None, "nobody"),
        (SECOND, "second"),
    )
    try:
        with ThreadPoolExecutor(_WORKERS) as pool:
            *roles, nobody, second = pool.map(lambda one: person(*one), wanted)
        yield People(by_role=dict(zip(Role, roles, strict=True)), nobody=nobody, second=second)
    finally:
        for session in sessions:
            session.close()
        directory.sweep()
