"""The cluster's API server, as the service's own account."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx


class Token(httpx.Auth):
    """The account's token, read anew for each request: the kubelet replaces it before it expires."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Bearer {self._file.read_text(encoding='ascii').strip()}"
        yield request


def host_in_url(host: str) -> str:
    """A name or an address as a URL has it: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def client(environment: Mapping[str, str]) -> httpx.AsyncClient:
    """Raises KeyError for a setting that is missing."""
    account = Path(environment["ACCOUNT"])
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    return httpx.AsyncClient(
        base_url=f"https://{host_in_url(host)}:{port}",
        verify=ssl.create_default_context(cafile=str(account / "ca.crt")),
        auth=Token(account / "token"),
        trust_env=False,
        timeout=30,
    )
