from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from in_cluster.app import Health, serve
from in_cluster.client import Token


def test_a_token_is_read_anew_for_each_request(tmp_path: Path) -> None:
    file = tmp_path / "token"
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(answer), auth=Token(file)) as client:
        for token in ("first\n", "second\n"):
            file.write_text(token)
            client.get("https://api.example.com/")
    assert seen == ["Bearer first", "Bearer second"]


def test_a_service_is_ready_once_it_got_round_and_alive_before() -> None:
    health = Health()
    assert (health.alive, health.ready) == (True, False)
    health.round()
    assert (health.alive, health.ready) == (True, True)


def test_a_service_that_stands_still_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health()
    health.round()
    monkeypatch.setattr("in_cluster.app._STALE_SECONDS", 0.0)
    assert not health.alive


def test_a_service_that_is_told_too_little_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code = serve("it", {"HOST": "127.0.0.1", "PORT": "0"}, ["TAINT"], lambda: pytest.fail("it starts"))
    assert code == 2
    told = capsys.readouterr().err
    assert "ACCOUNT" in told
    assert "TAINT" in told
    assert "HOST," not in told.replace("KUBERNETES_SERVICE_HOST,", "")
