"""The gate without processes: its own application, an issuer and an MLflow that are functions."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from tracking_gate.app import application
from tracking_gate.permissions import Matrix, parse
from tracking_gate.settings import Settings

from config.access import Role
from tests.services.conftest import matrix
from tests.services.realm import AUDIENCE, Realm

ISSUER = "https://issuer.test/realms/test"
UPSTREAM = "http://mlflow.test:5000"
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Double:
    """A gate whose MLflow is `answer`. `asked` holds what reached MLflow, `issuer_down` unplugs the issuer."""

    answer: Answer = lambda _request: httpx.Response(200, json={})
    realm: Realm = field(default_factory=lambda: Realm(ISSUER))
    matrix: Matrix = field(default_factory=lambda: parse(matrix()))
    asked: list[httpx.Request] = field(default_factory=list)
    issuer_asked: list[str] = field(default_factory=list)
    issuer_down: bool = False

    async def transport(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "issuer.test":
            self.issuer_asked.append(request.url.path)
            if self.issuer_down:
                raise httpx.ConnectError("unplugged")
            return httpx.Response(200, json=self.realm.document(request.url.path))
        self.asked.append(request)
        found = self.answer(request)
        return httpx.Response(
            found.status_code, headers=found.headers.raw, stream=httpx.ByteStream(found.content)
        )

    def settings(self) -> Settings:
        return Settings(
            issuer=ISSUER,
            audience=AUDIENCE,
            upstream=UPSTREAM,
            matrix=self.matrix,
            tls=ssl.create_default_context(),
        )

    def ask(self, method: str, path: str, *, token: str | None = "", **how: Any) -> httpx.Response:
        """The gate's answer. `token` is an admin's unless it is given; None sends none."""
        headers = {**how.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token or self.realm.token('someone', Role.ADMIN)}"

        async def asking() -> httpx.Response:
            gate = application(self.settings(), httpx.MockTransport(self.transport))
            transport = httpx.ASGITransport(gate)
            async with httpx.AsyncClient(transport=transport, base_url="http://gate.test") as client:
                return await client.request(method, path, headers=headers, **how)

        return asyncio.run(asking())


def body(request: httpx.Request) -> Any:
    return json.loads(request.content)
