"""Events about pods, as the kubelet records them: a problem is told once, not at every retry."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Mapping
from typing import Any

from lab.agent.container import now
from lab.agent.errors import ApiError
from lab.agent.kube import KubeClient

_AGAIN_AFTER = 300.0
_KEPT = 2000
_log = logging.getLogger(__name__)


class Events:
    """Sends events in the background; losing one is no failure."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._told: dict[tuple[str, str, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def tell(self, pod: Mapping[str, Any], kind: str, reason: str, message: str) -> None:
        """Record it, unless the same was told less than five minutes ago."""
        key, moment = (pod["metadata"]["uid"], reason, message), time.monotonic()
        if kind == "Warning" and moment - self._told.get(key, -_AGAIN_AFTER) < _AGAIN_AFTER:
            return
        if len(self._told) >= _KEPT:
            self._told.clear()
        self._told[key] = moment
        task = asyncio.create_task(self._send(pod, kind, reason, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, pod: Mapping[str, Any], kind: str, reason: str, message: str) -> None:
        meta, moment = pod["metadata"], now()
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{meta['name']}.{secrets.token_hex(8)}", "namespace": meta["namespace"]},
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "type": kind,
            "reason": reason,
            "message": message[:1024],
            "source": {"component": "kubelet", "host": (pod.get("spec") or {}).get("nodeName", "")},
            "firstTimestamp": moment,
            "lastTimestamp": moment,
            "count": 1,
        }
        try:
            await self._client.request("POST", f"/api/v1/namespaces/{meta['namespace']}/events", body)
        except ApiError as error:
            _log.debug("event %s of %s/%s not recorded: %s", reason, meta["namespace"], meta["name"], error)
