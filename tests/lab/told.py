"""What the tests of the lab's tools share: a progress that remembers, and a server that fails on demand."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lab.progress import Step


@dataclass
class Told:
    """Remembers every line: `+ name` when a step begins, `- name` when it is over, `! text` for the rest."""

    lines: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        self.lines.append(f"+ {name}")
        try:
            yield _ToldStep(self.lines)
        finally:
            self.lines.append(f"- {name}")

    def say(self, text: str) -> None:
        self.lines.append(f"! {text}")

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass
class _ToldStep:
    lines: list[str]

    def update(self, text: str) -> None:
        self.lines.append(f"! {text}")


@dataclass
class Answer:
    """Status, content, and after how many bytes of it the connection is cut (None: not at all)."""

    status: int = 200
    content: bytes = b""
    cut: int | None = None


@dataclass
class Mirror:
    """A loopback server that answers every path as `answers` says and remembers what was asked; HTTPS with `tls`."""

    answers: Callable[[str], Answer]
    asked: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    address: str = ""
    tls: ssl.SSLContext | None = None

    @contextlib.contextmanager
    def serving(self) -> Iterator[Mirror]:
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                mirror.authorizations.append(self.headers.get("Authorization"))
                answer = mirror.answers(self.path)
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.content)))
                self.send_header(
                    "Content-Type", "text/html" if self.path.endswith("/") else "binary/octet-stream"
                )
                self.end_headers()
                self.wfile.write(answer.content[: answer.cut])
                self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """The tests look at `asked`."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            if self.tls is not None:
                server.socket = self.tls.wrap_socket(server.socket, server_side=True)
            thread.start()
            self.address = f"{'https' if self.tls else 'http'}://127.0.0.1:{server.server_port}"
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
