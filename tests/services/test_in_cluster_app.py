from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from in_cluster.app import Health, Round, Work, application, serve
from in_cluster.client import Token, host_in_url

from lab.certs import authority


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


def answers(folder: Path, work: Work) -> list[int]:
    """What /healthz and /readyz say once the work has had its turn."""
    shown = folder / "account"
    shown.mkdir()
    (shown / "ca.crt").write_bytes(authority(folder, "ca", "test").path.read_bytes())
    environment = {
        "ACCOUNT": str(shown),
        "KUBERNETES_SERVICE_HOST": "fd00::1",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    ended = asyncio.Event()

    async def noted(api: httpx.AsyncClient, done: Round) -> None:
        try:
            await work(api, done)
        finally:
            asyncio.get_running_loop().call_soon(ended.set)

    async def run() -> list[int]:
        app = application(environment, noted)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://it") as it,
        ):
            await ended.wait()
            return [(await it.get(path)).status_code for path in ("/healthz", "/readyz")]

    return asyncio.run(run())


def test_work_that_breaks_off_is_logged_and_neither_alive_nor_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(api: httpx.AsyncClient, done: Round) -> None:
        done()
        await api.get("/version")

    assert answers(tmp_path, breaks) == [503, 503]
    assert "FileNotFoundError" in caplog.text


def test_work_that_ends_by_itself_is_logged_and_neither_alive_nor_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def returns(_: httpx.AsyncClient, done: Round) -> None:
        done()

    assert answers(tmp_path, returns) == [503, 503]
    assert "the work ended" in caplog.text


@pytest.mark.parametrize(
    ("host", "inside"), [("fd00::1", "[fd00::1]"), ("10.0.0.1", "10.0.0.1"), ("api.example.com",) * 2]
)
def test_an_address_of_ipv6_is_in_brackets(host: str, inside: str) -> None:
    assert host_in_url(host) == inside
    assert httpx.URL(f"http://{host_in_url(host)}:9400/metrics").port == 9400
