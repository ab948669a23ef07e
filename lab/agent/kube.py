"""The Kubernetes API over HTTPS, as plain JSON: what the node agent needs of it and no more.

Plain dictionaries in the API's own camelCase keep the deciding modules free of client classes, and one
asyncio loop can wait for watches, probes and processes at once.
"""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from lab.agent.errors import ApiError

Object = dict[str, Any]
STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
NOT_FOUND, CONFLICT, GONE = 404, 409, 410
_TIMEOUT = 15.0
_QUIET = 330.0
"""A watch that is silent for so many seconds (bookmarks come every minute) is dead."""


def _content(entry: Mapping[str, Any], key: str, base: Path) -> bytes | None:
    if inline := entry.get(f"{key}-data"):
        return base64.b64decode(inline)
    if path := entry.get(key):
        return (base / str(path)).read_bytes()
    return None


def _context(cluster: Mapping[str, Any], user: Mapping[str, Any], base: Path) -> ssl.SSLContext:
    authority = _content(cluster, "certificate-authority", base)
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    certificate, key = _content(user, "client-certificate", base), _content(user, "client-key", base)
    if certificate and key:
        # The ssl module reads certificates only from files: one of mode 0600, gone at once.
        with tempfile.NamedTemporaryFile() as file:
            file.write(certificate.rstrip() + b"\n" + key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


class KubeClient:
    """One cluster's API as one user. Every method raises `ApiError`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @classmethod
    def from_kubeconfig(cls, path: Path) -> KubeClient:
        """The current context of a kubeconfig; raises OSError, KeyError or StopIteration for a broken one."""
        config = yaml.safe_load(path.read_text())
        context = next(one for one in config["contexts"] if one["name"] == config["current-context"])[
            "context"
        ]
        cluster = next(one for one in config["clusters"] if one["name"] == context["cluster"])["cluster"]
        user = next(one for one in config["users"] if one["name"] == context["user"])["user"]
        headers = {"Authorization": f"Bearer {user['token']}"} if user.get("token") else {}
        return cls(
            httpx.AsyncClient(
                base_url=cluster["server"],
                verify=_context(cluster, user, path.parent),
                headers=headers,
                timeout=_TIMEOUT,
                trust_env=False,
                limits=httpx.Limits(max_connections=64, keepalive_expiry=30),
            )
        )

    @property
    def server(self) -> str:
        """https://host:port."""
        return str(self._http.base_url).rstrip("/")

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        content_type: str = "application/json",
        params: Mapping[str, str] | None = None,
    ) -> Object:
        """One request; the answer's object."""
        try:
            answer = await self._http.request(
                method,
                path,
                params=dict(params or {}),
                content=None if body is None else json.dumps(body),
                headers={"Content-Type": content_type},
            )
        except httpx.HTTPError as error:
            raise ApiError(0, f"{method} {self.server}{path}: {type(error).__name__}: {error}") from error
        if answer.is_success:
            result: Object = answer.json()
            return result
        raise ApiError(answer.status_code, f"{method} {path}: {_message(answer)}")

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Object:
        """GET an object or a list."""
        return await self.request("GET", path, params=params)

    async def find(self, path: str) -> Object | None:
        """GET an object; None when there is none."""
        try:
            return await self.get(path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    async def apply(self, path: str, body: Object, manager: str) -> Object:
        """Server-side apply, taking over fields of other managers."""
        params = {"fieldManager": manager, "force": "true"}
        return await self.request("PATCH", path, body, content_type=APPLY, params=params)

    @asynccontextmanager
    async def watch(self, path: str, params: Mapping[str, str]) -> AsyncIterator[AsyncIterator[Object]]:
        """The events of a watch; the iteration ends when the server ends it."""
        timeout = httpx.Timeout(_TIMEOUT, read=_QUIET)
        try:
            async with self._http.stream("GET", path, params=dict(params), timeout=timeout) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise ApiError(answer.status_code, f"watch {path}: {_message(answer)}")
                yield _events(answer)
        except httpx.HTTPError as error:
            raise ApiError(0, f"watch {self.server}{path}: {type(error).__name__}: {error}") from error


async def _events(answer: httpx.Response) -> AsyncIterator[Object]:
    async for line in answer.aiter_lines():
        if line:
            yield json.loads(line)


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message", answer.status_code))
    except (ValueError, AttributeError):
        return f"HTTP {answer.status_code}"
