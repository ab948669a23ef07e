from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from tracking_gate.errors import Refused
from tracking_gate.keys import LIFETIME, PAUSE, Keys, usable

from tests.services.gate_double import ISSUER, Double
from tests.services.realm import public, rsa_key


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Source:
    """Keys of a double's issuer and the clock that they go by."""

    def __init__(self, address: str | None = None) -> None:
        self.double, self.clock = Double(), Clock()
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self.double.transport))
        self.keys = Keys(self.client, ISSUER, address, self.clock, self.clock.sleep)

    @property
    def fetches(self) -> int:
        return self.double.issuer_asked.count("/realms/test/certs")

    async def status(self, kid: str) -> int:
        """200 when there is a key of that id, else the status of the refusal."""
        try:
            found = await self.keys.key(kid)
        except Refused as refused:
            return refused.status
        assert found.key_id == kid
        return 200


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_keys_are_found_by_discovery_once_and_then_remembered() -> None:
    async def work() -> None:
        source = Source()
        assert not source.keys.known
        assert [await source.status("first") for _ in range(3)] == [200] * 3
        assert source.keys.known
        assert source.double.issuer_asked == [
            "/realms/test/.well-known/openid-configuration",
            "/realms/test/certs",
        ]

    run(work())


def test_a_given_address_needs_no_discovery() -> None:
    async def work() -> None:
        source = Source(f"{ISSUER}/certs")
        assert await source.status("first") == 200
        assert source.double.issuer_asked == ["/realms/test/certs"]

    run(work())


def test_a_new_key_of_the_realm_is_fetched_when_it_is_first_seen() -> None:
    async def work() -> None:
        source = Source()
        await source.status("first")
        source.double.realm.keys.append(public(rsa_key(), "second"))
        source.clock.now += PAUSE
        assert await source.status("second") == 200
        assert source.fetches == 2

    run(work())


def test_a_key_made_right_after_the_last_fetch_is_waited_for_and_not_refused() -> None:
    async def work() -> None:
        source = Source()
        await source.status("first")
        source.clock.now += PAUSE / 10
        source.double.realm.keys.append(public(rsa_key(), "second"))
        assert await source.status("second") == 200
        assert source.clock.now == pytest.approx(1000 + PAUSE)

    run(work())


def test_unknown_keys_do_not_make_the_gate_ask_again_and_again() -> None:
    async def work() -> None:
        source = Source()
        await source.status("first")
        begun = source.clock.now
        for _ in range(50):
            source.clock.now += PAUSE / 25
            assert set(await asyncio.gather(*(source.status("unknown") for _ in range(20)))) == {401}
        assert source.fetches <= 1 + (source.clock.now - begun) / PAUSE

    run(work())


def test_many_callers_at_once_make_it_ask_once() -> None:
    async def work() -> None:
        source = Source()
        assert set(await asyncio.gather(*(source.status("first") for _ in range(20)))) == {200}
        assert source.fetches == 1

    run(work())


def test_a_withdrawn_key_is_refused_when_the_keys_are_fetched_again() -> None:
    async def work() -> None:
        source = Source()
        await source.status("first")
        source.double.realm.keys.clear()
        source.clock.now += LIFETIME - 1
        assert await source.status("first") == 200
        source.clock.now += 2
        assert await source.status("first") == 401

    run(work())


def test_an_outage_of_the_issuer_is_503_and_neither_yes_nor_no() -> None:
    async def work() -> None:
        source = Source()
        source.double.issuer_down = True
        assert await source.status("first") == 503
        assert not source.keys.known
        source.double.issuer_down = False
        source.clock.now += PAUSE
        assert await source.status("first") == 200
        source.double.issuer_down = True
        source.clock.now += PAUSE
        assert await source.status("first") == 200, "what is known is still known"
        assert await source.status("second") == 503, "nobody can say whose key that is"
        source.clock.now += LIFETIME
        assert await source.status("first") == 503, "nobody can say whether it is still the realm's"

    run(work())


@pytest.mark.parametrize(
    "found",
    [
        {"issuer": "https://issuer.test/realms/other", "jwks_uri": f"{ISSUER}/certs"},
        {"issuer": ISSUER, "jwks_uri": "http://issuer.test/certs"},
        {"issuer": ISSUER},
        [],
        None,
    ],
)
def test_a_discovery_document_that_cannot_be_trusted_gives_no_keys(found: Any) -> None:
    async def work() -> None:
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=found))
        keys = Keys(httpx.AsyncClient(transport=transport), ISSUER, None)
        with pytest.raises(Refused) as caught:
            await keys.key("first")
        assert caught.value.status == 503

    run(work())


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, content=b"[" * 2_000_000),
        httpx.Response(302, headers={"Location": "https://elsewhere.test"}),
    ],
)
def test_an_answer_that_is_no_key_set_gives_no_keys(answer: httpx.Response) -> None:
    async def work() -> None:
        transport = httpx.MockTransport(lambda _request: answer)
        keys = Keys(httpx.AsyncClient(transport=transport), ISSUER, f"{ISSUER}/certs")
        with pytest.raises(Refused) as caught:
            await keys.key("first")
        assert caught.value.status == 503

    run(work())


def test_only_signing_keys_that_are_strong_enough_are_used() -> None:
    good, weak = public(rsa_key(), "good"), public(rsa_key(1024), "weak")
    found = [
        good,
        weak,
        {**good, "kid": "for encryption", "use": "enc", "alg": "RSA-OAEP"},
        {**good, "kid": "other algorithm", "alg": "PS256"},
        {**good, "kid": None},
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "RSA", "kid": "broken"},
        "nothing",
    ]
    assert set(usable({"keys": found})) == {"good"}
    assert usable({}) == usable({"keys": "none"}) == {}
