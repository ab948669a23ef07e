"""A server for tests, by HTTPS on the loopback."""

from __future__ import annotations

import contextlib
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from lab.certs import Subject, authority, leaf

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


@contextlib.contextmanager
def serving(folder: Path, answer: Callable[[str, str | None], Answer]) -> Iterator[tuple[str, Path]]:
    """`answer` is asked with the path and the Authorization header of each GET. Gives host and port, and the file of
    the authority that the server's certificate is of."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the test tells what went wrong."""

    signer = authority(folder, "ca", "authority")
    pair = leaf(signer, folder, "server", Subject(name="server", hosts=("127.0.0.1",)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}", signer.path
        finally:
            server.shutdown()
