"""How a Keycloak is asked: no more at once than it can take, and again where the fault is its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import ObjectRefused
from engine.providers import keycloak_server
from engine.providers.keycloak_access import Access
from engine.providers.keycloak_server import Server

ACCESS = Access(
    url="https://keycloak.test",
    realm="master",
    client_id="program",
    client_secret="",
    authority="",
    connect_timeout=1,
    read_timeout=1,
)


def answer(status: int) -> SimpleNamespace:
    request = SimpleNamespace(method="GET", url="https://keycloak.test/x")
    return SimpleNamespace(status_code=status, headers={}, request=request, text="", json=dict)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], int]], Server]:
    """A server whose every answer has the status that the function gives."""

    def with_answers(status: Callable[[], int]) -> Server:
        def call(_where: str, **_content: Any) -> SimpleNamespace:
            return answer(status())

        names = ("raw_get", "raw_post", "raw_put", "raw_delete")
        monkeypatch.setattr(Server, "_ready", lambda _self: SimpleNamespace(**dict.fromkeys(names, call)))
        return Server(ACCESS)

    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    return with_answers


def statuses(*given: int) -> tuple[Callable[[], int], list[int]]:
    left: Iterator[int] = iter(given)
    asked: list[int] = []

    def status() -> int:
        asked.append(next(left))
        return asked[-1]

    return status, asked


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_a_fault_of_the_servers_own_is_outwaited(
    served: Callable[[Callable[[], int]], Server], method: str
) -> None:
    status, asked = statuses(500, 503, 200)
    getattr(served(status), method)("admin/realms/x")
    assert asked == [500, 503, 200]


def test_a_fault_that_stays_is_told_as_it_is(served: Callable[[Callable[[], int]], Server]) -> None:
    status, asked = statuses(*[500] * 20)
    with pytest.raises(ObjectRefused, match="refused with status 500"):
        served(status).get("admin/realms/x")
    assert len(asked) == keycloak_server._TRIES


def test_what_makes_something_anew_is_sent_once(served: Callable[[Callable[[], int]], Server]) -> None:
    status, asked = statuses(500, 201)
    with pytest.raises(ObjectRefused):
        served(status).post("admin/realms/x/users")
    assert asked == [500]


def test_a_refusal_is_not_asked_for_again(served: Callable[[Callable[[], int]], Server]) -> None:
    status, asked = statuses(409, 200)
    with pytest.raises(ObjectRefused):
        served(status).put("admin/realms/x")
    assert asked == [409]


def test_a_server_is_asked_no_more_at_once_than_it_can_take_and_its_realm_is_changed_by_one_at_a_time(
    served: Callable[[Callable[[], int]], Server],
) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def status() -> int:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        with lock:
            now[0] -= 1
        return 200

    server = served(status)
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda _: server.get("admin/realms/x"), range(64)))
    assert 1 < most[0] <= keycloak_server._AT_ONCE
    most[0] = 0
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(server.put, ["admin/realms/x", "admin/realms/x/events/config"] * 8))
    assert most[0] == 1
