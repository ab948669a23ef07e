from __future__ import annotations

import json
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab.certs import Subject, authority, leaf
from lab.ports import LOOPBACK, allot
from lab.readiness import poll
from lab.site import connect, trust

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
Front = Callable[[str], int]


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Path]:
    """A server without TLS that answers what it gets, in capitals."""
    path = tmp_path / "s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(8)

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                while data := client.recv(1024):
                    client.sendall(data.upper())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield path
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture
def front(tmp_path: Path, echo: Path) -> Iterator[Front]:
    signer = authority(tmp_path, "ca", "lab")
    pair = leaf(signer, tmp_path, "server", Subject(name="front", hosts=(LOOPBACK,)))
    running: list[subprocess.Popen[bytes]] = []

    def start(protocol: str) -> int:
        port = allot(["front"], {}, running=()).ports["front"]
        config = {
            "protocol": protocol,
            "port": port,
            "socket": str(echo),
            "certificate": str(pair.certificate),
            "key": str(pair.key),
        }
        (tmp_path / "front.json").write_text(json.dumps(config))
        argv = [sys.executable, "-m", "lab.tls_front", str(tmp_path / "front.json")]
        running.append(subprocess.Popen(argv, stderr=subprocess.DEVNULL))
        poll("front", lambda: connect(port).close(), 60)
        return port

    yield start
    for process in running:
        process.terminate()
        process.wait()


def test_a_client_over_verified_tls_reaches_the_server_behind(front: Front, tmp_path: Path) -> None:
    with (
        connect(front("plain")) as plain,
        trust(tmp_path / "ca.crt").wrap_socket(plain, server_hostname=LOOPBACK) as secured,
    ):
        secured.sendall(b"hello")
        assert secured.recv(100) == b"HELLO"


def test_a_client_without_tls_gets_nothing(front: Front) -> None:
    with connect(front("plain")) as plain:
        plain.sendall(b"hello\r\n\r\n")
        assert b"HELLO" not in plain.recv(100)


def test_postgres_clients_ask_for_tls_first(front: Front, tmp_path: Path) -> None:
    with connect(front("postgres")) as plain:
        plain.sendall(SSL_REQUEST)
        assert plain.recv(1) == b"S"
        with trust(tmp_path / "ca.crt").wrap_socket(plain, server_hostname=LOOPBACK) as secured:
            secured.sendall(b"hello")
            assert secured.recv(100) == b"HELLO"


def test_a_postgres_client_without_tls_is_told_what_is_missing(front: Front) -> None:
    with connect(front("postgres")) as plain:
        plain.sendall(struct.pack("!ii", 8, 196608))
        answer = plain.recv(1000)
    assert answer[:1] == b"E"
    assert struct.unpack("!i", answer[1:5])[0] == len(answer) - 1
    assert b"sslmode=verify-full" in answer


def test_bytes_before_the_handshake_are_refused(front: Front) -> None:
    with connect(front("postgres")) as plain:
        plain.sendall(SSL_REQUEST + b"injected")
        assert plain.recv(10) == b""


def test_old_tls_is_refused(front: Front, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(tmp_path / "ca.crt")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with closing(connect(front("plain"))) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=LOOPBACK)
