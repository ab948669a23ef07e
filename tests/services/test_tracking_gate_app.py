"""The whole gate, with functions for MLflow and the issuer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tracking_gate.app import ACCESS, application
from tracking_gate.requests import LARGEST_BODY

from config.access import Role
from tests.services.gate_double import UPSTREAM, Double, body
from tests.services.realm import rsa_key

RUNS = "/api/2.0/mlflow/runs"


def test_health_needs_no_token_and_readiness_the_realms_keys() -> None:
    double = Double()
    assert double.ask("GET", "/healthz", token=None).text == "ok"
    assert double.issuer_asked == []
    assert double.ask("GET", "/readyz", token=None).status_code == 200
    double.issuer_down = True
    assert double.ask("GET", "/readyz", token=None).status_code == 503
    assert double.ask("GET", "/healthz", token=None).status_code == 200
    assert double.asked == []


def test_an_outage_of_the_issuer_is_told_apart_from_a_wrong_token() -> None:
    double = Double(issuer_down=True)
    answer = double.ask("GET", "/version")
    assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    assert double.asked == []


def test_mlflow_sees_what_was_judged_and_nothing_of_the_caller() -> None:
    double = Double()
    dropped = {
        "Cookie": "session=1",
        "X-HTTP-Method-Override": "DELETE",
        "X-Method-Override": "DELETE",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-User": "root",
        "Forwarded": "for=10.0.0.1",
        "X-Real-IP": "10.0.0.1",
        "X-MLFLOW-WORKSPACE": "other",
        "X-MLflow-Experiment-Id": "1",
        "Connection": "keep-alive, X-Custom",
        "X-Custom": "1",
        "TE": "trailers",
        "Proxy-Authorization": "Basic eA==",
        "Host": "mlflow.example",
    }
    kept = {
        "User-Agent": "mlflow-python-client/3.17",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
    }
    double.ask("GET", f"{RUNS}/get?run_id=a%20b&x=%26", headers=dropped | kept)
    (request,) = double.asked
    assert str(request.url) == f"{UPSTREAM}{RUNS}/get?run_id=a+b&x=%26"
    assert dict(request.headers) == {
        "host": "mlflow.test:5000",
        "user-agent": "mlflow-python-client/3.17",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "connection": "keep-alive",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "mlflow.example",
        "x-forwarded-proto": "http",
    }


def test_a_json_body_goes_on_as_json_whatever_it_was_called() -> None:
    double = Double()
    content = b'{"run_id": "x", "run_id": "y"}'
    double.ask("POST", f"{RUNS}/delete", content=content, headers={"Content-Type": "text/plain"})
    (request,) = double.asked
    assert (request.content, request.headers["content-type"]) == (b'{"run_id":"y"}', "application/json")


def test_mlflows_answer_comes_back_as_it_is_without_what_is_between_servers() -> None:
    headers = [
        ("Content-Type", "text/csv"),
        ("ETag", '"1"'),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Set-Cookie", "a=1"),
        ("Server", "uvicorn"),
        ("Date", "now"),
        ("Keep-Alive", "timeout=5"),
    ]
    double = Double(lambda _request: httpx.Response(418, content=b"a,b", headers=headers))
    answer = double.ask("GET", "/get-artifact?run_id=x&path=y")
    assert (answer.status_code, answer.content) == (418, b"a,b")
    assert dict(answer.headers) == {"content-type": "text/csv", "etag": '"1"', "content-length": "3"}


def test_a_redirect_is_the_callers_business() -> None:
    double = Double(lambda _request: httpx.Response(302, headers={"Location": "http://elsewhere.test"}))
    assert double.ask("GET", "/version").status_code == 302
    assert len(double.asked) == 1


def test_an_mlflow_that_is_away_is_503() -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    for method, path in (("GET", "/version"), ("POST", f"{RUNS}/create")):
        answer = Double(away).ask(method, path)
        assert (answer.status_code, answer.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")


@pytest.mark.parametrize(
    ("method", "path", "how", "status"),
    [
        ("GET", "/version", {"content": b"x"}, 400),
        ("GET", f"{RUNS}/get?run_id=x", {"json": {"run_id": "y"}}, 400),
        ("POST", f"{RUNS}/create", {"content": b"[]"}, 400),
        ("POST", f"{RUNS}/create", {"content": b"{}", "headers": {"Content-Encoding": "gzip"}}, 415),
        ("POST", f"{RUNS}/create", {"content": b" " * (LARGEST_BODY + 1)}, 413),
        ("GET", "/no/such/path", {}, 403),
        ("GET", "/%2e%2e/version", {}, 400),
        ("PROPFIND", "/version", {}, 403),
        ("HEAD", "/version", {}, 403),
        ("OPTIONS", f"{RUNS}/create", {}, 403),
        ("GET", "/healthz/", {}, 400),
    ],
)
def test_what_cannot_be_judged_is_not_passed_on(
    method: str, path: str, how: dict[str, Any], status: int
) -> None:
    double = Double()
    answer = double.ask(method, path, **how)
    assert answer.status_code == status
    assert method == "HEAD" or set(answer.json()) == {"error_code", "message"}
    assert double.asked == []


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://gate.test", 200),
        ("https://GATE.test", 200),
        ("https://evil.test", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_a_page_of_another_site_changes_nothing(origin: str, status: int) -> None:
    double = Double()
    assert double.ask("POST", f"{RUNS}/create", json={}, headers={"Origin": origin}).status_code == status
    assert len(double.asked) == (status == 200)
    assert double.ask("GET", "/version", headers={"Origin": origin}).status_code == 200
    assert all("origin" not in request.headers for request in double.asked)


def test_a_limited_search_is_narrowed_and_its_answer_looked_through() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        owned = [{"name": who, "tags": [{"key": "mlops.owner", "value": who}]} for who in ("ada", "eve")]
        return httpx.Response(200, json={"experiments": owned})

    double = Double(answer)
    token = double.realm.token("ada", Role.ML_ENGINEER)
    found = double.ask("POST", "/api/2.0/mlflow/experiments/search", token=token, json={"max_results": 5})
    assert [one["name"] for one in found.json()["experiments"]] == ["ada"]
    assert body(double.asked[0]) == {"filter": "tags.`mlops.owner` = 'ada'", "max_results": 5}
    every = double.ask("POST", "/api/2.0/mlflow/experiments/search", json={"max_results": 5})
    assert len(every.json()["experiments"]) == 2
    assert body(double.asked[1]) == {"max_results": 5}


def test_an_upload_is_passed_on_while_it_still_comes() -> None:
    """The second part is sent only when MLflow has the first: a gate that gathers a body would never end."""
    double, got = Double(), asyncio.Event()

    async def mlflow(request: httpx.Request) -> httpx.Response:
        parts = []
        assert isinstance(request.stream, httpx.AsyncByteStream)
        async for part in request.stream:
            parts.append(part)
            got.set()
        return httpx.Response(200, stream=httpx.ByteStream(b"".join(parts)))

    async def parts() -> AsyncIterator[bytes]:
        yield b"first,"
        await got.wait()
        yield b"second"

    class Streaming(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            issuer = request.url.host == "issuer.test"
            return await (double.transport(request) if issuer else mlflow(request))

    async def work() -> None:
        gate = httpx.ASGITransport(application(double.settings(), Streaming()))
        headers = {"Authorization": f"Bearer {double.realm.token('someone', Role.ADMIN)}"}
        path = "/api/2.0/mlflow-artifacts/artifacts/1/big.bin"
        async with (
            asyncio.timeout(60),
            httpx.AsyncClient(transport=gate, base_url="http://gate.test") as client,
        ):
            answer = await client.put(path, content=parts(), headers=headers)
        assert answer.content == b"first,second"

    asyncio.run(work())


def test_a_line_of_the_log_tells_who_and_what_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    double = Double()
    token = double.realm.token("ada", Role.LABELER)
    with caplog.at_level(logging.INFO, logger=ACCESS.name):
        double.ask("GET", f"{RUNS}/get?run_id=secret-value")
        double.ask("POST", f"{RUNS}/create", token=token, json={"experiment_id": "secret-value"})
        double.ask("GET", "/%0aforged", token=double.realm.signed(double.realm.claims("x"), rsa_key()))
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == ACCESS.name]
    assert all(line.pop("milliseconds") >= 0 for line in lines)
    assert lines == [
        {
            "method": "GET",
            "path": f"{RUNS}/get",
            "status": 200,
            "subject": "someone",
            "permission": "experiment-read",
            "grant": "yes",
        },
        {
            "method": "POST",
            "path": f"{RUNS}/create",
            "status": 403,
            "subject": "ada",
            "permission": "experiment-run",
            "error_code": "PERMISSION_DENIED",
        },
        {"method": "GET", "path": "/%0aforged", "status": 401, "error_code": "UNAUTHENTICATED"},
    ]
    assert "secret-value" not in caplog.text
    assert token not in caplog.text


def test_a_web_socket_is_closed() -> None:
    sent = []

    async def work() -> None:
        gate = application(Double().settings())
        scope = {"type": "websocket", "path": "/", "raw_path": b"/", "headers": [], "root_path": ""}

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, object]) -> None:
            sent.append(message["type"])

        await gate(scope, receive, send)  # type: ignore[arg-type]

    asyncio.run(work())
    assert sent == ["websocket.close"]
