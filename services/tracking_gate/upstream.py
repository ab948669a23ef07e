"""Passing a request on to MLflow and its answer back, neither of them held in memory.

Only the headers below go on: not the token, no cookie, nothing about the way here but what the gate says
itself, and nothing that could change what the request means (method overrides, workspaces).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tracking_gate.errors import Refused, invalid, unavailable
from tracking_gate.matching import Body
from tracking_gate.paths import joined
from tracking_gate.requests import LARGEST_BODY, Asked

_PASSED = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "user-agent", "traceparent", "tracestate"),
        *("range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),
    }
)
_STREAMED = frozenset(
    {"content-type", "content-length", "content-encoding", "x-mlflow-experiment-id", "x-mlflow-run-id"}
)
_KEPT_BACK = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer", "upgrade"),
        *("transfer-encoding", "date", "server", "set-cookie"),
    }
)


class Upstream:
    """MLflow as callers see it. `client` has MLflow's address as its base."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def answer(self, request: Request, asked: Asked, segments: Iterable[str]) -> Response:
        """MLflow's answer to `asked`, streamed. Raises `Refused` (503) when MLflow does not give one."""
        answer = await self._send(request, asked, segments)
        response = StreamingResponse(_content(answer), answer.status_code)
        response.raw_headers = returned(answer.headers)
        return response

    async def whole(self, request: Request, asked: Asked, segments: Iterable[str]) -> httpx.Response:
        """MLflow's answer, read to its end and decoded: for answers that are looked into."""
        answer = await self._send(request, asked, segments)
        try:
            await answer.aread()
        except httpx.HTTPError:
            raise _gone() from None
        finally:
            await answer.aclose()
        return answer

    async def _send(self, request: Request, asked: Asked, segments: Iterable[str]) -> httpx.Response:
        content: bytes | AsyncIterator[bytes] | None = None
        if asked.route.body is Body.JSON:
            content = asked.content()
        elif asked.route.body is Body.STREAM:
            content = request.stream()
        url = httpx.URL(self._client.base_url).copy_with(
            raw_path=joined(tuple(segments)).encode() + (b"?" + asked.query_string() if asked.query else b"")
        )
        sent = self._client.build_request(
            request.method, url, headers=passed(request, asked.route.body), content=content
        )
        try:
            return await self._client.send(sent, stream=True)
        except httpx.HTTPError:
            raise _gone() from None


def passed(request: Request, body: Body) -> Mapping[str, str]:
    """The headers that go on with a request."""
    wanted = _PASSED | _STREAMED if body is Body.STREAM else _PASSED
    headers = {name: value for name, value in request.headers.items() if name in wanted}
    if body is Body.JSON:
        headers["content-type"] = "application/json"
    return {
        "accept-encoding": "identity",
        **headers,
        "x-forwarded-for": request.client.host if request.client else "unknown",
        "x-forwarded-host": request.headers.get("host", ""),
        "x-forwarded-proto": request.url.scheme,
    }


def returned(headers: httpx.Headers) -> list[tuple[bytes, bytes]]:
    """The headers of MLflow's answer that go back, as they are."""
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    kept_back = _KEPT_BACK | named
    return [(name.lower(), value) for name, value in headers.raw if name.decode().lower() not in kept_back]


async def small_body(request: Request) -> bytes:
    """The whole body of a request with a JSON body. Raises `Refused` (413) above the bound."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise invalid("a JSON body must not be compressed", 415)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BODY:
            raise invalid(f"the body is larger than {LARGEST_BODY} bytes; log less at once", 413)
        parts.append(part)
    return b"".join(parts)


async def _content(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _gone() -> Refused:
    return unavailable("MLflow does not answer the tracking gate")
