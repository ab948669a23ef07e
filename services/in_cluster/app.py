"""A service's work beside its health: alive while it gets round, ready once it has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from in_cluster.client import client

_STALE_SECONDS = 600.0
"""After so long without getting round a service is taken for stuck."""

_NEEDED = ("HOST", "PORT", "ACCOUNT", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")

_log = logging.getLogger("in_cluster")

Round = Callable[[], None]
"""Called by the work whenever it has got round: it has seen all that it looks after."""

Work = Callable[[httpx.AsyncClient, Round], Awaitable[None]]


class Health:
    """When the work got round last, by a clock that only goes forward; None before the first time. Work has no end:
    a service whose work has ended is neither alive nor ready."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last: float | None = None
        self._ended = False

    def round(self) -> None:
        """It got round now."""
        self._last = time.monotonic()

    def end(self, work: asyncio.Future[None]) -> None:
        """It ended now. Why is logged, unless it was told to."""
        self._ended = True
        if not work.cancelled():
            _log.critical("the work ended", exc_info=work.exception())

    @property
    def ready(self) -> bool:
        return self.alive and self._last is not None

    @property
    def alive(self) -> bool:
        return not self._ended and time.monotonic() - (self._last or self._started) < _STALE_SECONDS


def application(environment: Mapping[str, str], work: Work, routes: Sequence[Route] = ()) -> Starlette:
    """The ASGI application; the work is done as long as it runs."""
    health = Health()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with client(environment) as api:
            working = asyncio.ensure_future(work(api, health.round))
            working.add_done_callback(health.end)
            try:
                yield
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)

    async def healthz(_: Request) -> PlainTextResponse:
        return _told(health.alive)

    async def readyz(_: Request) -> PlainTextResponse:
        return _told(health.ready)

    own = [Route("/healthz", healthz), Route("/readyz", readyz)]
    return Starlette(routes=[*own, *routes], lifespan=lifespan)


def serve(
    name: str,
    environment: Mapping[str, str],
    needed: Sequence[str],
    work: Callable[[], tuple[Work, Sequence[Route]]],
) -> int:
    """Until SIGTERM. 2, naming every setting that is missing, where it cannot start."""
    missing = [one for one in (*_NEEDED, *needed) if not environment.get(one)]
    if missing:
        print(f"{name}: set {', '.join(missing)}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger(name).setLevel(logging.INFO)
    uvicorn.run(
        application(environment, *work()),
        host=environment["HOST"],
        port=int(environment["PORT"]),
        log_config=None,
        access_log=False,
        server_header=False,
    )
    return 0


def _told(good: bool) -> PlainTextResponse:
    return PlainTextResponse("ok" if good else "no", status_code=200 if good else 503)
