"""The guard beside its health: alive while it sees the nodes, ready once it has."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gpu_guard.guard import run

_STALE_SECONDS = 600.0
"""After so long without a look at every node the guard is taken for stuck."""


class Token(httpx.Auth):
    """The account's token, read anew for each request: the kubelet replaces it before it expires."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Bearer {self._file.read_text(encoding='ascii').strip()}"
        yield request


class Health:
    """When every node was seen last, by a clock that only goes forward; None before the first time."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last: float | None = None

    def seen(self) -> None:
        """Every node was looked at now."""
        self._last = time.monotonic()

    @property
    def ready(self) -> bool:
        return self._last is not None

    @property
    def alive(self) -> bool:
        return time.monotonic() - (self._last or self._started) < _STALE_SECONDS


def client(environment: Mapping[str, str]) -> httpx.AsyncClient:
    """The cluster's API server, as the guard's own account. Raises KeyError for a setting that is missing."""
    account = Path(environment["ACCOUNT"])
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
    return httpx.AsyncClient(
        base_url=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        verify=ssl.create_default_context(cafile=str(account / "ca.crt")),
        auth=Token(account / "token"),
        trust_env=False,
        timeout=30,
    )


def application(environment: Mapping[str, str]) -> Starlette:
    """The ASGI application; the guard runs as long as it does."""
    health, taint = Health(), environment["TAINT"]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client(environment) as api:
            guarding = asyncio.create_task(run(api, taint, health.seen))
            try:
                yield
            finally:
                guarding.cancel()
                await asyncio.gather(guarding, return_exceptions=True)

    async def healthz(_: Request) -> PlainTextResponse:
        return _told(health.alive)

    async def readyz(_: Request) -> PlainTextResponse:
        return _told(health.ready and health.alive)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)], lifespan=lifespan)


def _told(good: bool) -> PlainTextResponse:
    return PlainTextResponse("ok" if good else "no", status_code=200 if good else 503)
