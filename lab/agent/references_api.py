"""Reads from the API what pods refer to, and gets their service-account tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from lab.agent.containers import Sources
from lab.agent.kube import KubeClient
from lab.agent.pod_files import Resolved
from lab.agent.references import TokenWanted, references

Object = Mapping[str, Any]
_RENEW_AT = 0.8
"""The kubelet renews a token at this share of its life."""


class Resolver:
    """One cluster's; keeps tokens until they have to be renewed."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._tokens: dict[tuple[str, TokenWanted], tuple[float, str]] = {}

    async def resolve(self, pod: Object) -> Resolved:
        """Everything the pod refers to, as it is now. Raises ApiError."""
        wanted, namespace = references(pod), pod["metadata"]["namespace"]
        base = f"/api/v1/namespaces/{namespace}"
        config_maps, secrets = await asyncio.gather(
            self._objects(f"{base}/configmaps", wanted.config_maps),
            self._objects(f"{base}/secrets", wanted.secrets),
        )
        tokens = {one: await self._token(pod, one) for one in wanted.tokens}
        sources = Sources(namespace=namespace, config_maps=config_maps, secrets=secrets)
        return Resolved(sources=sources, tokens=tokens)

    def forget(self, uid: str) -> None:
        """The pod is gone; so are its tokens."""
        for key in [key for key in self._tokens if key[0] == uid]:
            del self._tokens[key]

    async def _objects(self, path: str, names: frozenset[str]) -> dict[str, Object]:
        order = sorted(names)
        found = await asyncio.gather(*(self._client.find(f"{path}/{name}") for name in order))
        return {name: one for name, one in zip(order, found, strict=True) if one is not None}

    async def _token(self, pod: Object, wanted: TokenWanted) -> str:
        meta, key = pod["metadata"], (pod["metadata"]["uid"], wanted)
        until, token = self._tokens.get(key, (0.0, ""))
        if time.monotonic() < until:
            return token
        account = pod["spec"].get("serviceAccountName") or "default"
        reference = {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {
                "expirationSeconds": wanted.seconds,
                "boundObjectRef": reference,
                **({"audiences": [wanted.audience]} if wanted.audience else {}),
            },
        }
        path = f"/api/v1/namespaces/{meta['namespace']}/serviceaccounts/{account}/token"
        answer = await self._client.request("POST", path, body)
        token = str(answer["status"]["token"])
        self._tokens[key] = (time.monotonic() + wanted.seconds * _RENEW_AT, token)
        return token
