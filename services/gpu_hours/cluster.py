"""What the service reads and writes at the API server, and at DCGM's exporters."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime
from typing import Any

import httpx
from in_cluster.client import host_in_url

from gpu_hours.account import Account, dump, load
from gpu_hours.decisions import Change

_KUEUE = "/apis/kueue.x-k8s.io/v1beta2"
_ACCOUNT = "gpu-hours-account"
_KEY = "account.json"
_MERGE = {"Content-Type": "application/merge-patch+json"}
_GONE = httpx.codes.NOT_FOUND
_EXPORTERS = "/api/v1/namespaces/kube-system/pods"
_EXPORTER_PORT = 9400

_log = logging.getLogger("gpu_hours")


class Cluster:
    """The cluster's API, and plain HTTP to its exporters. Methods raise httpx.HTTPError."""

    def __init__(self, api: httpx.AsyncClient, exporters: httpx.AsyncClient, namespace: str) -> None:
        self._api, self._exporters = api, exporters
        self._account = f"/api/v1/namespaces/{namespace}/configmaps"

    async def items(self, path: str, **query: str) -> list[dict[str, Any]]:
        """A collection's items."""
        answer = await self._api.get(path, params=query)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return found

    async def workloads(self) -> list[dict[str, Any]]:
        """All Workloads."""
        return await self.items(f"{_KUEUE}/workloads")

    async def queues(self) -> list[dict[str, Any]]:
        """All ClusterQueues."""
        return await self.items(f"{_KUEUE}/clusterqueues")

    async def entries(self) -> dict[str, str]:
        """Each namespace's team: the ClusterQueue of its LocalQueue."""
        found = await self.items(f"{_KUEUE}/localqueues")
        return {one["metadata"]["namespace"]: one["spec"]["clusterQueue"] for one in found}

    async def figures(self) -> list[str]:
        """What every exporter tells, all asked at once; one that does not answer is left out."""
        pods = await self.items(_EXPORTERS, labelSelector="app=nvidia-dcgm-exporter")
        return [text for text in await asyncio.gather(*map(self._figures_of, pods)) if text is not None]

    async def _figures_of(self, pod: dict[str, Any]) -> str | None:
        try:
            host = host_in_url((pod.get("status") or {}).get("podIP", ""))
            answer = await self._exporters.get(f"http://{host}:{_EXPORTER_PORT}/metrics")
            return answer.raise_for_status().text
        except httpx.HTTPError as error:
            _log.warning("exporter %s: %s", pod["metadata"]["name"], error or type(error).__name__)
            return None

    async def account(self) -> Account:
        """As it was kept; an empty one the first time."""
        answer = await self._api.get(f"{self._account}/{_ACCOUNT}")
        if answer.status_code == _GONE:
            return Account()
        return load(answer.raise_for_status().json()["data"][_KEY])

    async def keep(self, account: Account) -> None:
        """By server-side apply, so that it is made where it is not there."""
        manifest = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": _ACCOUNT},
            "data": {_KEY: dump(account)},
        }
        answer = await self._api.patch(
            f"{self._account}/{_ACCOUNT}",
            params={"fieldManager": "gpu-hours", "force": "true"},
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=json.dumps(manifest),
        )
        answer.raise_for_status()

    async def change(self, change: Change, now: datetime) -> None:
        """Carry it out and tell people by an Event; an object that is gone meanwhile needs neither. What the server
        does not take is said and left to the next round, so that one object holds up no other."""
        kind, path = (
            ("Workload", f"{_KUEUE}/namespaces/{change.namespace}/workloads/{change.name}")
            if change.namespace
            else ("ClusterQueue", f"{_KUEUE}/clusterqueues/{change.name}")
        )
        answer = await self._api.patch(path, headers=_MERGE, content=json.dumps(change.patch))
        if answer.status_code == _GONE or _refused(answer, f"{kind} {change.name}"):
            return
        changed = answer.raise_for_status().json()
        _log.info("%s %s: %s", kind, change.name, change.message)
        await self._tell(kind, changed["metadata"], change, now)

    async def _tell(self, kind: str, metadata: dict[str, Any], change: Change, now: datetime) -> None:
        """An Event of a ClusterQueue is in `default`, as of all that is in no namespace."""
        space = change.namespace or "default"
        stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{change.name}-", "namespace": space},
            "involvedObject": {
                "apiVersion": "kueue.x-k8s.io/v1beta2",
                "kind": kind,
                "name": change.name,
                "namespace": change.namespace,
                "uid": metadata["uid"],
            },
            "type": "Normal" if change.reason in {"GpuBudgetOpen", "GpuBusy"} else "Warning",
            "reason": change.reason,
            "message": change.message,
            "source": {"component": "gpu-hours"},
            "firstTimestamp": stamp,
            "lastTimestamp": stamp,
            "count": 1,
        }
        answer = await self._api.post(f"/api/v1/namespaces/{space}/events", json=event)
        if not _refused(answer, f"Event of {kind} {change.name}"):
            answer.raise_for_status()


def _refused(answer: httpx.Response, what: str) -> bool:
    """Whether it is this one that the server does not take; anything else of what it says is the server's own."""
    if answer.is_client_error:
        _log.warning("%s: refused with %d", what, answer.status_code)
    return answer.is_client_error
