"""external-secrets' part: fills Secrets from the lab's OpenBao, again at every refresh interval.

The store's own address and login, which belong to a real cluster, are not used: the agent has a token that
reads what the lab keeps for the platform, and verifies the server against the lab's authority.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lab.agent import webhook
from lab.agent.container import now
from lab.agent.errors import ApiError, SyncError
from lab.agent.generators import WEBHOOKS, Lease, Made, generator_address, generator_path
from lab.agent.kube import MERGE, KubeClient
from lab.agent.secret_sync import (
    DATA_HASH,
    Key,
    check_store,
    check_target,
    data_hash,
    generators,
    keys,
    seconds,
    secret,
    sync_status,
    target_name,
    values,
)
from lab.agent.tasks import cancelled
from lab.agent.watch import Mirror

Object = Mapping[str, Any]
GROUP = "/apis/external-secrets.io/v1"
MANAGER = "external-secrets"
_RETRY = 2.0
_CHECK = 10.0
"""Seconds between looks at a Secret that somebody may have changed or deleted."""
_TIMEOUT = 10.0
_RENEW_SECONDS = 86_400.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SecretStore:
    """Where the lab's OpenBao answers, and what opens it. The token is read for every request, as it may
    change."""

    address: str
    authority: Path
    token: Path

    async def read(self, mount: str, key: Key) -> dict[str, Any]:
        """A secret's content. Raises SyncError, which never holds any of it."""
        params = {"version": str(key.version)} if key.version else {}
        answer = await self._request("GET", f"/v1/{mount}/data/{key.path}", params)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise SyncError(f"secret {mount}/{key.path} does not exist in the lab's OpenBao")
        if not answer.is_success:
            raise SyncError(f"the lab's OpenBao answered {answer.status_code} for {mount}/{key.path}")
        content: dict[str, Any] = answer.json()["data"]["data"]
        return content

    async def make(self, path: str) -> Lease:
        """What the store makes when `path` is read. Raises SyncError, which never holds any of it."""
        answer = await self._request("GET", f"/v1/{path}", {})
        if not answer.is_success:
            raise SyncError(f"the lab's OpenBao answered {answer.status_code} for {path}")
        content = answer.json()
        return Lease(data=content["data"] or {}, seconds=float(content.get("lease_duration") or 0))

    async def renew(self) -> None:
        """Prolong the token's life; failing is no harm until it ends. Raises SyncError."""
        await self._request("POST", "/v1/auth/token/renew-self", {})

    async def _request(self, method: str, path: str, params: Mapping[str, str]) -> httpx.Response:
        try:
            context = ssl.create_default_context(cafile=str(self.authority))
            headers = {"X-Vault-Token": self.token.read_text().strip()}
            async with httpx.AsyncClient(verify=context, trust_env=False, timeout=_TIMEOUT) as client:
                return await client.request(method, self.address + path, params=dict(params), headers=headers)
        except (httpx.HTTPError, OSError) as error:
            raise SyncError(
                f"the lab's OpenBao at {self.address} cannot be read: {type(error).__name__}"
            ) from error


class ExternalSecrets:
    """Follows the ExternalSecrets of one cluster. `hosts` says where names of the lab's servers answer."""

    def __init__(self, client: KubeClient, store: SecretStore, hosts: Mapping[str, str]) -> None:
        self._client, self._store, self._hosts = client, store, hosts
        self._mirror = Mirror(client, f"{GROUP}/externalsecrets", self._changed, absent_ok=True)
        self._tasks: dict[str, tuple[int, str, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """For ever; only cancellation ends it."""
        renewing = asyncio.create_task(self._renew())
        try:
            await self._mirror.run()
        finally:
            tasks = [renewing, *(task for _, _, task in self._tasks.values())]
            await cancelled(*tasks)

    async def _renew(self) -> None:
        while True:
            try:
                await self._store.renew()
            except SyncError as error:
                _log.info("%s", error)
            await asyncio.sleep(_RENEW_SECONDS)

    def _changed(self, key: str, item: dict[str, Any] | None) -> None:
        known = self._tasks.get(key)
        meta = (item or {}).get("metadata") or {}
        trigger = json.dumps([meta.get("annotations"), meta.get("labels")], sort_keys=True)
        if item is not None and known is not None and known[:2] == (meta["generation"], trigger):
            return
        if known is not None:
            known[2].cancel()
            del self._tasks[key]
        if item is not None and not meta.get("deletionTimestamp"):
            self._tasks[key] = (meta["generation"], trigger, asyncio.create_task(self._keep(key)))

    async def _keep(self, key: str) -> None:
        due, made = 0.0, Made()
        while True:
            external = self._mirror.items.get(key)
            if external is None:
                return
            pause = _CHECK
            if time.monotonic() >= due or await self._spoilt(external):
                good = await self._attempt(external, made)
                every = seconds((external.get("spec") or {}).get("refreshInterval"))
                due, made = (made.due(every), Made()) if good else (0.0, made)
                pause = _CHECK if good else _RETRY
            await asyncio.sleep(max(min(pause, due - time.monotonic()), 0.5) if due else pause)

    async def _spoilt(self, external: Object) -> bool:
        meta = external["metadata"]
        try:
            found = await self._client.find(
                f"/api/v1/namespaces/{meta['namespace']}/secrets/{target_name(external)}"
            )
        except ApiError:
            return False
        if found is None:
            return True
        data = {name: base64.b64decode(value) for name, value in (found.get("data") or {}).items()}
        return (found["metadata"].get("annotations") or {}).get(DATA_HASH) != data_hash(data)

    async def _attempt(self, external: Object, made: Made) -> bool:
        meta = external["metadata"]
        try:
            problem = None
            await self._write(external, made)
        except SyncError as error:
            problem = str(error)
        except ApiError as error:
            problem = f"could not write the Secret: {error}"
        if problem is not None:
            _log.warning("externalsecret %s/%s: %s", meta["namespace"], meta["name"], problem)
        status = sync_status(external, problem, now(), f"{meta['generation']}")
        path = f"{GROUP}/namespaces/{meta['namespace']}/externalsecrets/{meta['name']}/status"
        try:
            await self._client.request("PATCH", path, {"status": status}, content_type=MERGE)
        except ApiError as error:
            _log.info("%s", error)
            return False
        return problem is None

    async def _write(self, external: Object, made: Made) -> None:
        meta = external["metadata"]
        check_target(external)
        wanted_keys, wanted_generators = keys(external), generators(external)
        read = await self._read(external, wanted_keys) if wanted_keys else {}
        for name in wanted_generators:
            if not made.holds(name):
                made.keep(name, await self._generate(meta["namespace"], name))
        wanted = secret(external, values(external, read, made.data()), self._hosts)
        path = f"/api/v1/namespaces/{meta['namespace']}/secrets/{target_name(external)}"
        await self._client.apply(path, wanted, MANAGER)

    async def _read(self, external: Object, wanted: Collection[Key]) -> dict[Key, dict[str, Any]]:
        namespace = external["metadata"]["namespace"]
        reference = external["spec"].get("secretStoreRef") or {}
        kind, name = reference.get("kind") or "SecretStore", reference.get("name", "")
        scope = GROUP if kind == "ClusterSecretStore" else f"{GROUP}/namespaces/{namespace}"
        store = await self._client.find(f"{scope}/{kind.lower()}s/{name}")
        if store is None:
            raise SyncError(f'{kind} "{name}" not found')
        mount = check_store(store, namespace)
        return {key: await self._store.read(mount, key) for key in wanted}

    async def _generate(self, namespace: str, name: str) -> Lease:
        found = await self._client.find(generator_address(namespace, name))
        if found is None:
            kind = "Webhook" if name.startswith(WEBHOOKS) else "VaultDynamicSecret"
            raise SyncError(f'{kind} "{name.removeprefix(WEBHOOKS)}" not found')
        if not name.startswith(WEBHOOKS):
            return await self._store.make(generator_path(found))
        secrets = {
            used: await self._secret(namespace, secret)
            for used, secret in webhook.needed_secrets(found).items()
        }
        return await webhook.ask(webhook.request(found, secrets, self._hosts), self._store.authority)

    async def _secret(self, namespace: str, name: str) -> Object:
        found = await self._client.find(f"/api/v1/namespaces/{namespace}/secrets/{name}")
        if found is None:
            raise SyncError(f'Secret "{name}" not found')
        return found
