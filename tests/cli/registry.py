"""A chart repository, a container registry and a place for files in one, by HTTPS on the loopback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests import https_server

TOKEN = "for-nobody"


@dataclass
class Registry:
    """`files` by path; those below `/v2/` want a token. `busy` paths fail so many times before they answer."""

    host: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    busy: dict[str, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"https://{self.host}"

    def answer(self, path: str, token: str | None) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        where, _, question = path.partition("?")
        if where == "/token":
            known = question == "service=registry&scope=repository%3Aa%3Apull"
            return (200, {}, f'{{"token": "{TOKEN}"}}'.encode()) if known else (400, {}, b"")
        if where.startswith("/v2/") and token != f"Bearer {TOKEN}":
            challenge = f'Bearer realm="{self.address}/token",service="registry",scope="repository:a:pull"'
            return 401, {"WWW-Authenticate": challenge}, b""
        if self.busy.get(where, 0):
            self.busy[where] -= 1
            return 503, {}, b""
        if where in self.moved:
            return 307, {"Location": self.moved[where]}, b""
        return (200, {}, self.files[where]) if where in self.files else (404, {}, b"")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[Registry, Path]]:
    """A registry and the file with the authority that its certificate is of."""
    registry = Registry()
    with https_server.serving(folder, registry.answer) as (registry.host, authority):
        yield registry, authority
