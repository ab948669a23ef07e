"""The agent's External Secrets against an API server and a store that only remember."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from lab.agent.errors import ApiError
from lab.agent.external_secrets import ExternalSecrets, SecretStore
from lab.agent.generators import Lease, Made
from lab.agent.kube import KubeClient

EXTERNAL = {
    "apiVersion": "external-secrets.io/v1",
    "metadata": {"name": "login", "namespace": "ns", "uid": "u", "generation": 1},
    "spec": {
        "target": {"template": {"data": {"file": "host={{ .username }}"}}},
        "dataFrom": [{"sourceRef": {"generatorRef": {"kind": "VaultDynamicSecret", "name": "login"}}}],
    },
}
GENERATOR = {"metadata": {"name": "login"}, "spec": {"path": "database/creds/x", "provider": {}}}


class Client:
    """Refuses the first Secrets that are applied."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.applied, self.status = refusals, [], []

    applied: list[Mapping[str, Any]]
    status: list[Mapping[str, Any]]

    async def find(self, path: str) -> Mapping[str, Any] | None:
        return GENERATOR if path.endswith("/vaultdynamicsecrets/login") else None

    async def apply(self, path: str, manifest: Mapping[str, Any], manager: str) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ApiError(403, "quota")
        self.applied.append(manifest)

    async def request(self, method: str, path: str, body: Mapping[str, Any], content_type: str) -> None:
        self.status.append(body["status"])


class Store:
    def __init__(self) -> None:
        self.made = 0

    async def make(self, path: str) -> Lease:
        self.made += 1
        return Lease(data={"username": f"v-{self.made}"}, seconds=3600)


def attempts(client: Client, store: Store, count: int) -> list[bool]:
    async def all_of_them() -> list[bool]:
        secrets = ExternalSecrets(cast(KubeClient, client), cast(SecretStore, store), {})
        made = Made()
        return [await secrets._attempt(EXTERNAL, made) for _ in range(count)]

    return asyncio.run(all_of_them())


def test_a_refused_secret_is_tried_again_with_what_was_made_for_it() -> None:
    client, store = Client(refusals=3), Store()
    assert attempts(client, store, 4) == [False, False, False, True]
    assert store.made == 1, "each one is a user of the database"
    assert len(client.applied) == 1
    assert client.status[0]["conditions"][0]["message"] == "could not write the Secret: quota"


def test_a_missing_generator_is_named() -> None:
    client, store = Client(refusals=0), Store()
    client.find = _nothing  # type: ignore[method-assign]
    assert attempts(client, store, 1) == [False]
    assert client.status[0]["conditions"][0]["message"] == 'VaultDynamicSecret "login" not found'
    assert store.made == 0


async def _nothing(path: str) -> None:
    return None
