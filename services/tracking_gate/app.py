"""The gate as an ASGI application: who asks, what for, may they, and then MLflow's answer.

`/healthz` answers while the process lives, `/readyz` once the realm's keys were fetched; both need no token.
Every other request leaves one line of JSON in the log, without its query, its body and its token.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tracking_gate import matching, ownership, paths, requests
from tracking_gate.errors import Refused, denied, invalid
from tracking_gate.keys import Keys
from tracking_gate.matching import Body, Found
from tracking_gate.permissions import READ, Grant, Matrix
from tracking_gate.requests import Asked
from tracking_gate.routes import Kind
from tracking_gate.settings import Settings
from tracking_gate.tokens import Caller, Tokens
from tracking_gate.tracking import Tracking
from tracking_gate.upstream import Upstream, small_body

ACCESS = logging.getLogger("tracking_gate.access")
_UPSTREAM_TIMEOUT = httpx.Timeout(600.0, connect=5.0, pool=30.0)
"""Seconds. A download of a large artifact from a bucket begins late."""
_ISSUER_TIMEOUT = 5.0
_LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50)
_GONE, _FAILED = 499, 500
_LONGEST_LOGGED = 512


@dataclass
class Record:
    """What the log says of a request."""

    subject: str | None = None
    permission: str | None = None
    grant: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Gate:
    """Everything but the health checks."""

    tokens: Tokens
    matrix: Matrix
    tracking: Tracking
    upstream: Upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        began, record, request, status = time.monotonic(), Record(), Request(scope, receive), _FAILED
        try:
            response = await self._response(request, record)
            status = response.status_code
            await response(scope, receive, send)
        except ClientDisconnect:
            status = _GONE
        except asyncio.CancelledError:
            status = _GONE
            raise
        finally:
            _log(request, record, status, time.monotonic() - began)

    async def _response(self, request: Request, record: Record) -> Response:
        try:
            return await self._answer(request, record)
        except Refused as refused:
            record.code = refused.code
            content = {"error_code": refused.code, "message": refused.message}
            return JSONResponse(content, refused.status, dict(refused.headers))

    async def _answer(self, request: Request, record: Record) -> Response:
        caller = await self.tokens.caller(request.headers.getlist("authorization"))
        record.subject = caller.subject
        segments = paths.segments(raw_path(request))
        found = matching.find(request.method, segments)
        record.permission = " ".join(found.route.permissions)
        limited = limits(found, caller, self.matrix)
        record.grant = "own" if limited else "yes"
        _same_origin(request)
        asked = await _read(request, found)
        kind = found.route.scope.kind
        if kind is Kind.CREATE:
            asked = ownership.created(asked, caller.subject, limited=limited)
        elif limited and kind is Kind.NARROW:
            asked = ownership.narrowed(asked, caller.subject)
            whole = await self.upstream.whole(request, asked, segments)
            return _narrowed(whole, caller)
        elif limited and kind is not Kind.FREE:
            await self.tracking.require_own(ownership.named(asked), caller.subject)
            asked = ownership.guarded(asked)
        return await self.upstream.answer(request, asked, segments)


def limits(found: Found, caller: Caller, matrix: Matrix) -> bool:
    """Whether the caller may do this to own experiments only. Raises `Refused` when not at all.

    What a caller may not read, they may not change or register a model from either, whatever else is granted.
    """
    route = found.route
    grants = {permission: matrix.grant(permission, caller.roles) for permission in route.permissions}
    if (min if route.every else max)(grants.values()) is Grant.NO:
        lacking = " or ".join(permission for permission, grant in grants.items() if grant is Grant.NO)
        raise denied(f"none of your roles is granted {lacking}")
    if route.scope.kind is Kind.FREE:
        return False
    limited = Grant.OWN in grants.values() or matrix.grant(READ, caller.roles) is not Grant.YES
    if limited and route.scope.kind is Kind.WHOLE:
        code = "NOT_IMPLEMENTED" if route.scope.status == httpx.codes.NOT_IMPLEMENTED else "PERMISSION_DENIED"
        raise Refused(route.scope.status, code, route.scope.instead)
    return limited


def raw_path(request: Request) -> bytes:
    """The path as the caller sent it, still encoded."""
    raw: bytes | None = request.scope.get("raw_path")
    return quote(request.scope["path"]).encode() if raw is None else raw.partition(b"?")[0]


def application(settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """The gate with these settings; `transport` stands for both MLflow's and the issuer's address."""
    issuer = httpx.AsyncClient(
        verify=settings.tls, trust_env=False, timeout=_ISSUER_TIMEOUT, transport=transport
    )
    mlflow = httpx.AsyncClient(
        base_url=settings.upstream,
        verify=settings.tls,
        trust_env=False,
        timeout=_UPSTREAM_TIMEOUT,
        limits=_LIMITS,
        transport=transport,
    )
    keys = Keys(issuer, settings.issuer, settings.jwks_uri)
    tokens = Tokens(keys, settings.issuer, settings.audience)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        if not keys.known:
            await keys.refresh()
        if not keys.known:
            return PlainTextResponse("the realm's keys are not known", 503)
        return PlainTextResponse("ok")

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with issuer, mlflow:
            yield

    gate = Gate(tokens, settings.matrix, Tracking(mlflow), Upstream(mlflow))
    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)], lifespan=lifespan)
    app.router.redirect_slashes, app.router.default = False, gate
    return app


async def _read(request: Request, found: Found) -> Asked:
    query = requests.parse_query(request.scope["query_string"])
    if found.route.body is Body.JSON:
        return Asked(found, query, requests.parse_body(await small_body(request)))
    length = request.headers.get("content-length", "0")
    if found.route.body is Body.NONE and (length != "0" or "transfer-encoding" in request.headers):
        raise invalid("this request must not have a body")
    return Asked(found, query)


def _same_origin(request: Request) -> None:
    """MLflow's own guard against other sites' pages, for the name under which the gate is called."""
    origin = request.headers.get("origin")
    if origin is None or request.method == "GET":
        return
    if urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise denied("a page of another site may not change anything here")


def _narrowed(whole: httpx.Response, caller: Caller) -> Response:
    try:
        value: Any = whole.json()
    except ValueError:
        raise Refused(503, "TEMPORARILY_UNAVAILABLE", "MLflow's answer cannot be read") from None
    return JSONResponse(ownership.own_only(value, caller.subject), whole.status_code)


def _log(request: Request, record: Record, status: int, seconds: float) -> None:
    line = {
        "method": request.method,
        "path": raw_path(request).decode("ascii", "replace")[:_LONGEST_LOGGED],
        "status": status,
        "subject": record.subject,
        "permission": record.permission,
        "grant": record.grant,
        "error_code": record.code,
        "milliseconds": round(seconds * 1000, 1),
    }
    ACCESS.info(json.dumps({name: value for name, value in line.items() if value is not None}))
