"""The client of an API server that answers with a trouble of its own; only the server is played."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from lab.errors import ApiFailed
from lab.kube import KubeApi

BUSY = httpx.codes.TOO_MANY_REQUESTS
DOWN = httpx.codes.SERVICE_UNAVAILABLE
PATH = "/apis/mlops.platform/v1alpha1/devenvironments"


class Server:
    """Answers with these statuses, one after another; the last one for good."""

    def __init__(self, *statuses: int) -> None:
        self._statuses: Sequence[int] = statuses
        self.asked = 0

    def api(self, patience: float) -> KubeApi:
        client = httpx.Client(base_url="https://a.test", transport=httpx.MockTransport(self._answer))
        return KubeApi(client, "west", patience)

    def _answer(self, _request: httpx.Request) -> httpx.Response:
        status = self._statuses[min(self.asked, len(self._statuses) - 1)]
        self.asked += 1
        return httpx.Response(status, json={"message": f"said {status}", "items": [{"kind": "A"}]})


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_a_server_that_asks_to_wait_is_asked_again(patience: float) -> None:
    server = Server(BUSY, BUSY, httpx.codes.OK)
    assert server.api(patience).list(PATH) == [{"kind": "A"}]
    assert server.asked == 3


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lab.kube._ASKED_TO_WAIT_SECONDS", 0.2)
    server = Server(BUSY)
    with pytest.raises(ApiFailed, match=f"cluster west: GET {PATH}: the API server answered 429: said 429"):
        server.api(0.0).list(PATH)
    assert server.asked > 1


def test_a_trouble_of_the_server_is_waited_for_by_the_patient_only() -> None:
    patient, impatient = Server(DOWN, httpx.codes.OK), Server(DOWN, httpx.codes.OK)
    assert patient.api(60.0).list(PATH)
    with pytest.raises(ApiFailed) as caught:
        impatient.api(0.0).list(PATH)
    assert (caught.value.status, impatient.asked) == (DOWN, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
def test_what_the_server_refuses_is_not_asked_again(status: int) -> None:
    server = Server(status, httpx.codes.OK)
    with pytest.raises(ApiFailed) as caught:
        server.api(60.0).apply(PATH, {})
    assert (caught.value.status, server.asked) == (status, 1)
