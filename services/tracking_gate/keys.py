"""The realm's public keys: fetched from the issuer, cached, and fetched again for a key that is not known.

A key that the realm has withdrawn is refused `LIFETIME` seconds later at the latest. A caller cannot make the
gate ask the issuer more than once in `PAUSE` seconds: one whose key is not known waits until the gate may ask
again, so that a key which the realm made a moment ago is never refused. While the issuer does not answer and the
cache is too old or lacks the key, nobody can be told apart: the answer is 503, never 401 and never a pass.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import jwt

from tracking_gate.errors import unauthenticated, unavailable

ALGORITHMS = ("RS256", "ES256")
LIFETIME = 300.0
PAUSE = 2.0
_SMALLEST_RSA = 2048
_LARGEST_ANSWER = 1024 * 1024


class KeysError(Exception):
    """The issuer's keys cannot be had; the message says why."""


class Keys:
    """The keys of one issuer. `clock` counts seconds and never goes back; `sleep` lets as many of them pass."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        issuer: str,
        address: str | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`address` of the key set, or None to ask the issuer's discovery document for it."""
        self._client, self._issuer, self._address, self._clock = client, issuer, address, clock
        self._sleep = sleep
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._failed = ""
        self._lock = asyncio.Lock()

    @property
    def known(self) -> bool:
        """Whether the keys have ever been fetched."""
        return self._fetched is not None

    async def key(self, kid: str) -> jwt.PyJWK:
        """The key of that id. Raises `Refused`: 401 when the issuer has none, 503 when it cannot be asked."""
        if not self._fresh() or kid not in self._keys:
            await self.refresh()
        if not self._fresh():
            raise unavailable(f"the realm's keys cannot be fetched: {self._failed}")
        if kid in self._keys:
            return self._keys[kid]
        if self._failed:
            raise unavailable(f"the realm's keys cannot be fetched: {self._failed}")
        raise unauthenticated("the token is signed by a key that is not the realm's")

    async def refresh(self) -> None:
        """Fetch the keys as they are now. Failing leaves the old ones, and is not tried again for `PAUSE` seconds."""
        asked = self._clock()
        async with self._lock:
            if self._tried is not None:
                if self._tried >= asked:
                    return
                rest = self._tried + PAUSE - self._clock()
                if rest > 0 and self._failed:
                    return
                if rest > 0:
                    await self._sleep(rest)
            self._tried = self._clock()
            try:
                self._keys = await self._fetch()
            except (KeysError, httpx.HTTPError, httpx.InvalidURL) as error:
                self._failed = str(error) or type(error).__name__
            else:
                self._fetched, self._failed = self._tried, ""

    def _fresh(self) -> bool:
        return self._fetched is not None and self._clock() - self._fetched < LIFETIME

    async def _fetch(self) -> Mapping[str, jwt.PyJWK]:
        address = self._address
        if address is None:
            found = await self._json(f"{self._issuer}/.well-known/openid-configuration")
            address = found.get("jwks_uri")
            if found.get("issuer") != self._issuer:
                raise KeysError("the discovery document is of another issuer")
            if not isinstance(address, str) or not address.startswith("https://"):
                raise KeysError("the discovery document has no jwks_uri with https")
        return usable(await self._json(address))

    async def _json(self, address: str) -> Mapping[str, Any]:
        answer = await self._client.get(address)
        if answer.status_code != httpx.codes.OK:
            raise KeysError(f"{address} answered {answer.status_code}")
        try:
            value = answer.json() if len(answer.content) <= _LARGEST_ANSWER else None
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise KeysError(f"{address} is no JSON object")
        return value


def usable(found: Mapping[str, Any]) -> Mapping[str, jwt.PyJWK]:
    """The signing keys of a key set by their ids, of the algorithms and sizes that the gate trusts."""
    entries = found.get("keys")
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or not entry.get("kid"):
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError:
            continue
        if key.algorithm_name in ALGORITHMS and _strong(key):
            keys[str(entry["kid"])] = key
    return keys


def _strong(key: jwt.PyJWK) -> bool:
    return key.algorithm_name != "RS256" or key.key.key_size >= _SMALLEST_RSA
