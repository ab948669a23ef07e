"""What every server of a lab needs to know about it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

import lab
from lab.certs import Authority, Pair, Subject, leaf
from lab.folder import LabFolder
from lab.ports import LOOPBACK
from lab.process import ProcessSpec, base_environment
from lab.readiness import NotReady, Probe

HOSTS = ("localhost", LOOPBACK)
_PROBE_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Site:
    """One lab at one start: where it lies, which ports it has, who signs its certificates.

    `tools` holds the file of each built program by name.
    """

    folder: LabFolder
    ports: Mapping[str, int]
    block: int
    authority: Authority
    tools: Mapping[str, Path]

    def url(self, name: str) -> str:
        return f"https://{LOOPBACK}:{self.ports[name]}"

    def serving(self, name: str, folder: Path, hosts: tuple[str, ...] = ()) -> Pair:
        """The certificate that a server shows to users; loopback names are always in it."""
        return leaf(self.authority, folder, "serving", Subject(name=name, hosts=(*HOSTS, *hosts)))

    def environment(self, **more: str) -> dict[str, str]:
        return {**base_environment(self.folder), **more}

    def frugal_environment(self) -> dict[str, str]:
        """For a control plane's programs, all of them Go's: together a fifth less memory, for a sixth more work
        at the start."""
        return self.environment(GOGC="50")

    def python_environment(self, **more: str) -> dict[str, str]:
        """For a process that runs a module of this package."""
        root = Path(os.path.abspath(lab.__file__)).parent.parent
        return self.environment(PYTHONPATH=str(root), **more)


@dataclass(frozen=True, kw_only=True)
class Server:
    """One process of the lab: how it is set up, when it serves, what is done once it does.

    `configure` writes what the process reads and returns its spec; it must be repeatable without a change.
    `settle` (after readiness) makes accounts, buckets and the like, and must be repeatable too.
    `after` names processes that have to be settled before this one is configured.
    """

    name: str
    ports: tuple[str, ...]
    configure: Callable[[], ProcessSpec]
    probe: Probe
    settle: Callable[[], None] | None = None
    after: tuple[str, ...] = ()
    seconds: float = 180.0
    steady: bool = False
    """Ready only after it has run for a second: for a process that serves nobody who could probe it."""
    tier: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)


def trust(authority: Path, pair: Pair | None = None) -> ssl.SSLContext:
    """A client's context: only this authority is trusted, names are checked, the client shows `pair`."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pair is not None:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def https_probe(url: str, context: Callable[[], ssl.SSLContext], expected: int = 200) -> Probe:
    """A probe that wants this status from a URL, over verified TLS."""

    return lambda: _expect(url, context(), expected)


def http_probe(url: str) -> Probe:
    """A probe that wants 200 from a URL without TLS."""
    return lambda: _expect(url, None, 200)


def socket_probe(path: Path) -> Probe:
    """A probe that wants somebody to listen on a unix socket."""

    def probe() -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_PROBE_SECONDS)
            try:
                client.connect(str(path))
            except OSError as error:
                raise NotReady(f"{path}: {error}") from error

    return probe


def _expect(url: str, context: ssl.SSLContext | None, status: int) -> None:
    try:
        with httpx.Client(verify=context or True, timeout=_PROBE_SECONDS, trust_env=False) as client:
            answer = client.get(url)
    except (httpx.HTTPError, OSError) as error:
        raise NotReady(f"{url}: {error}") from error
    if answer.status_code != status:
        raise NotReady(f"{url}: answered {answer.status_code}: {answer.text[:200]}")


def connect(port: int) -> socket.socket:
    """A TCP connection to a server of the lab; raises NotReady when nobody listens."""
    try:
        return socket.create_connection((LOOPBACK, port), timeout=_PROBE_SECONDS)
    except OSError as error:
        raise NotReady(f"{LOOPBACK}:{port}: {error}") from error
