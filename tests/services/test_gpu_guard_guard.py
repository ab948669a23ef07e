"""The guard against an API server that keeps nodes, tells of changes, and sometimes fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from gpu_guard import guard

from tests.services.test_gpu_guard_taints import KEY, node


class Ended(Exception):
    """The server has told everything that the test wants told."""


class Server(httpx.AsyncBaseTransport):
    """Answers a list with `nodes`, a watch with `events`, and remembers what was changed."""

    def __init__(self, nodes: list[dict[str, Any]], events: list[dict[str, Any]], answers: list[int]) -> None:
        self._nodes, self._events, self._answers = nodes, events, answers
        self.changes: dict[str, list[str]] = {}
        self.watches: list[httpx.QueryParams] = []
        self.versions: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            body = json.loads(request.content)
            name = request.url.path.rpartition("/")[2]
            self.changes.setdefault(name, []).extend(one["key"] for one in body["spec"]["taints"])
            self.versions.append(body["metadata"]["resourceVersion"])
            return httpx.Response(self._answers.pop(0) if self._answers else 200, json={})
        if "watch" not in request.url.params:
            if self.watches:
                raise Ended
            return httpx.Response(200, json={"metadata": {"resourceVersion": "7"}, "items": self._nodes})
        self.watches.append(request.url.params)
        return httpx.Response(200, stream=_Lines(self._events))


class _Lines(httpx.AsyncByteStream):
    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in self._events:
            yield json.dumps(event).encode() + b"\n"


def named(name: str, state: str | None, version: str = "1") -> dict[str, Any]:
    found = node(state)
    found["metadata"] |= {"name": name, "resourceVersion": version}
    return found


def guarded(server: Server) -> int:
    """How often every node was seen until the server had no more to tell."""
    seen: list[None] = []

    async def run() -> None:
        async with httpx.AsyncClient(transport=server, base_url="https://api.example.com") as api:
            with pytest.raises(Ended):
                await guard.run(KEY, api, lambda: seen.append(None))

    asyncio.run(run())
    return len(seen)


def test_nodes_that_are_there_and_nodes_that_come_are_closed_until_they_are_cut() -> None:
    events = [
        {"type": "ADDED", "object": named("new", "pending")},
        {"type": "MODIFIED", "object": named("old", "success")},
        {"type": "DELETED", "object": named("gone", "pending")},
    ]
    server = Server([named("old", "success"), named("slow", None, "5")], events, [])
    assert guarded(server) == 1
    assert server.changes == {"slow": [KEY], "new": [KEY]}
    assert server.versions[0] == "5"
    assert server.watches[0]["resourceVersion"] == "7"


@pytest.mark.parametrize("status", [404, 409])
def test_a_node_that_changed_meanwhile_is_left_to_the_event_that_tells_of_it(status: int) -> None:
    events = [{"type": "MODIFIED", "object": named("a", "pending", "2")}]
    server = Server([named("a", "pending")], events, [status])
    guarded(server)
    assert server.versions == ["1", "2"]


@pytest.mark.parametrize("status", [403, 422])
def test_a_node_that_may_not_be_changed_is_named_and_keeps_no_other_open(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server([named("a", "pending"), named("b", "pending")], [], [status])
    assert guarded(server) == 1
    assert server.changes == {"a": [KEY], "b": [KEY]}
    assert f"node a: refused with {status}" in caplog.text
    assert "node b: refused" not in caplog.text


def test_a_watch_that_has_expired_starts_again_with_a_list() -> None:
    events = [{"type": "ERROR", "object": {"code": 410}}, {"type": "ADDED", "object": named("b", "pending")}]
    server = Server([], events, [])
    guarded(server)
    assert server.changes == {}


def test_a_failure_of_the_api_server_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_AGAIN_SECONDS", 0.0)
    events = [{"type": "ADDED", "object": named("b", "pending")}]
    server = Server([named("a", "pending")], events, [500])
    with pytest.raises(AssertionError):
        assert guarded(server) == 2
    assert server.changes["a"] == [KEY, KEY]
