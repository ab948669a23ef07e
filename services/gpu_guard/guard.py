"""The guard itself: every node that asks MIG manager for a cut, seen once and then watched."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from gpu_guard.taints import CONFIG, wanted

_NODES = "/api/v1/nodes"
_WATCH_SECONDS = 240
_AGAIN_SECONDS = 2.0
_GONE_OR_CHANGED = {httpx.codes.NOT_FOUND, httpx.codes.CONFLICT}
"""Answers to a change of a node that another event will tell of."""

_log = logging.getLogger("gpu_guard")


async def run(taint: str, api: httpx.AsyncClient, seen: Callable[[], None]) -> None:
    """For ever. `seen` is called whenever every node has been looked at, several times in ten minutes at least."""
    while True:
        try:
            async for node in _nodes(api, seen):
                await _settle(api, node, taint)
        except (httpx.HTTPError, ValueError) as error:
            _log.warning("the API server: %s", error or type(error).__name__)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _nodes(api: httpx.AsyncClient, seen: Callable[[], None]) -> AsyncIterator[dict[str, Any]]:
    """All nodes as they are, then as they change, until the API server ends the watch."""
    answer = await api.get(_NODES, params={"labelSelector": CONFIG})
    found = answer.raise_for_status().json()
    for node in found["items"]:
        yield node
    seen()
    query = {
        "labelSelector": CONFIG,
        "watch": "true",
        "resourceVersion": found["metadata"]["resourceVersion"],
        "timeoutSeconds": str(_WATCH_SECONDS),
    }
    async with api.stream("GET", _NODES, params=query, timeout=_WATCH_SECONDS + 30) as stream:
        stream.raise_for_status()
        async for line in stream.aiter_lines():
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            if event["type"] != "DELETED":
                yield event["object"]


async def _settle(api: httpx.AsyncClient, node: dict[str, Any], taint: str) -> None:
    """Bring the node's taints to what they should be, unless it changed meanwhile. A change that the server does not
    take is said and left to the next look at all nodes, so that one node holds up no other."""
    taints = wanted(node, taint)
    if taints is None:
        return
    metadata = node["metadata"]
    change = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "spec": {"taints": taints}}
    answer = await api.patch(
        f"{_NODES}/{metadata['name']}",
        content=json.dumps(change),
        headers={"Content-Type": "application/merge-patch+json"},
    )
    if answer.status_code in _GONE_OR_CHANGED:
        return
    if answer.is_client_error:
        _log.warning("node %s: refused with %d", metadata["name"], answer.status_code)
        return
    answer.raise_for_status()
    opened = all(one["key"] != taint for one in taints)
    _log.info("node %s: %s", metadata["name"], "open" if opened else "closed")
