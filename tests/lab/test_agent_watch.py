from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from lab.agent.kube import KubeClient
from lab.agent.watch import Mirror


def thing(name: str, version: int, uid: str = "") -> dict[str, Any]:
    meta = {"name": name, "namespace": "ns", "uid": uid or name, "resourceVersion": str(version)}
    return {"metadata": meta}


class Lines(httpx.AsyncByteStream):
    def __init__(self, events: list[dict[str, Any]], then: Exception | None) -> None:
        self._events, self._then = events, then

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for event in self._events:
            yield json.dumps(event).encode() + b"\n"
        if self._then:
            raise self._then


class Server:
    """Answers lists and watches from a script; when it ends, `done` is set."""

    def __init__(self, *script: Any) -> None:
        self.script, self.asked = list(script), list[str]()
        self.done = asyncio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        watching = request.url.params.get("watch") == "true"
        self.asked.append(f"watch {request.url.params['resourceVersion']}" if watching else "list")
        if not self.script:
            self.done.set()
            await asyncio.Event().wait()
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer, json={"message": "no"})
        if watching:
            events, then = answer
            return httpx.Response(200, stream=Lines(events, then))
        version, items = answer
        return httpx.Response(200, json={"metadata": {"resourceVersion": str(version)}, "items": items})


def follow(*script: Any) -> tuple[list[tuple[str, str]], list[str], Mirror]:
    async def scenario() -> tuple[list[tuple[str, str]], list[str], Mirror]:
        server, seen = Server(*script), list[tuple[str, str]]()

        def changed(key: str, item: dict[str, Any] | None) -> None:
            seen.append((key, "gone" if item is None else item["metadata"]["resourceVersion"]))

        transport = httpx.MockTransport(server.answer)
        client = KubeClient(httpx.AsyncClient(base_url="https://api", transport=transport))
        mirror = Mirror(client, "/api/v1/things", changed)
        task = asyncio.create_task(mirror.run())
        await asyncio.wait_for(server.done.wait(), 60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
        return seen, server.asked, mirror

    return asyncio.run(scenario())


def event(kind: str, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "object": item}


def test_a_watch_goes_on_where_the_server_ended_it_and_after_a_break() -> None:
    seen, asked, mirror = follow(
        (5, [thing("a", 3)]),
        ([event("ADDED", thing("b", 6)), event("BOOKMARK", thing("", 9))], None),
        ([event("MODIFIED", thing("a", 10))], httpx.ReadError("cut off")),
        httpx.ConnectError("the server restarts"),
        ([event("DELETED", thing("b", 12))], None),
    )
    assert seen == [("ns/a", "3"), ("ns/b", "6"), ("ns/a", "10"), ("ns/b", "gone")]
    assert asked[:3] == ["list", "watch 5", "watch 9"]
    assert asked[-1] == "watch 12"
    assert asked.count("list") == 1
    assert set(mirror.items) == {"ns/a"}


def test_a_forgotten_version_is_listed_again_and_only_differences_are_told() -> None:
    seen, asked, _ = follow(
        (5, [thing("a", 3), thing("b", 4), thing("c", 5, "first")]),
        410,
        (20, [thing("a", 3), thing("c", 9, "second"), thing("d", 20)]),
    )
    assert seen[3:] == [("ns/b", "gone"), ("ns/c", "gone"), ("ns/c", "9"), ("ns/d", "20")]
    assert asked == ["list", "watch 5", "list", "watch 20"]


def test_an_error_event_leads_to_a_new_list() -> None:
    gone = {"type": "ERROR", "object": {"code": 410, "message": "too old"}}
    _, asked, _ = follow((5, []), ([gone], None), (7, []))
    assert asked == ["list", "watch 5", "list", "watch 7"]
