"""A cluster's objects of one kind, kept current: list, watch, resume, and again after any interruption."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from lab.agent.errors import ApiError
from lab.agent.kube import GONE, KubeClient

Object = dict[str, Any]
Changed = Callable[[str, Object | None], None]
"""(namespace/name, the object or None when it is gone). Must not raise and must not block."""

_SHORTEST, _LONGEST = 0.2, 5.0
_WATCH_SECONDS = "300"
_log = logging.getLogger(__name__)


def key_of(item: Object) -> str:
    """namespace/name."""
    meta = item["metadata"]
    return f"{meta.get('namespace', '')}/{meta['name']}"


class Mirror:
    """All objects below one API path, as last seen.

    `changed` is called for every difference, also for those that happened while nobody watched: an object
    that was deleted and made again in between shows as gone and then as new, since its uid differs.
    """

    def __init__(
        self,
        client: KubeClient,
        path: str,
        changed: Changed,
        *,
        fields: str = "",
        absent_ok: bool = False,
    ) -> None:
        """`fields` is a field selector. `absent_ok`: the kind may not be served (yet), as before its CRD is
        applied; then wait for it."""
        self.items: dict[str, Object] = {}
        self.listed = asyncio.Event()
        self._client, self._path, self._changed, self._absent_ok = client, path, changed, absent_ok
        self._fields = {"fieldSelector": fields} if fields else {}

    async def run(self) -> None:
        """Follow the objects for ever; only cancellation ends it."""
        version, pause, complained = "", _SHORTEST, ""
        while True:
            try:
                if not version:
                    version = await self._list()
                    self.listed.set()
                version = await self._follow(version)
                pause, complained = _SHORTEST, ""
            except ApiError as error:
                if error.status != 0:
                    version = ""
                if str(error) != complained and not (self._absent_ok and error.status == 404):
                    _log.warning("%s", error)
                complained = str(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)

    async def _list(self) -> str:
        answer = await self._client.get(self._path, self._fields)
        fresh = {key_of(item): item for item in answer.get("items") or []}
        for key in set(self.items) - set(fresh):
            self._gone(key)
        for key, item in fresh.items():
            self._seen(key, item)
        return str(answer["metadata"]["resourceVersion"])

    async def _follow(self, version: str) -> str:
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": _WATCH_SECONDS,
        } | self._fields
        async with self._client.watch(self._path, params) as events:
            async for event in events:
                item = event["object"]
                if event["type"] == "ERROR":
                    code = int(item.get("code", GONE))
                    raise ApiError(code, f"watch {self._path}: {item.get('message', 'ended by the server')}")
                version = item["metadata"]["resourceVersion"]
                if event["type"] == "DELETED":
                    self._gone(key_of(item))
                elif event["type"] != "BOOKMARK":
                    self._seen(key_of(item), item)
        return version

    def _seen(self, key: str, item: Object) -> None:
        known = self.items.get(key)
        if known is not None and known["metadata"]["uid"] != item["metadata"]["uid"]:
            self._gone(key)
            known = None
        if known is None or known["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
            self.items[key] = item
            self._changed(key, item)

    def _gone(self, key: str) -> None:
        if self.items.pop(key, None) is not None:
            self._changed(key, None)
