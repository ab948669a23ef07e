from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lab.agent.probes import Probe, Tally, Target, ask, count, named_ports, parse, port_number


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(int(self.path.rsplit("/", 1)[1]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


async def execute(argv: Sequence[str], seconds: float) -> tuple[int, str]:
    if argv == ["hang"]:
        await asyncio.sleep(60)
    return (0, "") if argv == ["true"] else (1, "it said no")


def answer(action: dict[str, Any], port: int = 1, timeout: float = 60.0) -> tuple[bool, str]:
    target = Target(address="127.0.0.1", ports={"http": port}, execute=execute)
    return asyncio.run(ask(Probe(action=action, timeout=timeout), target))


@pytest.mark.parametrize(
    ("code", "good"), [(200, True), (204, True), (302, True), (399, True), (404, False), (503, False)]
)
def test_an_http_probe_takes_codes_from_200_to_399(port: int, code: int, good: bool) -> None:
    found, why = answer({"httpGet": {"path": f"/{code}", "port": "http"}}, port)
    assert found is good
    assert (str(code) in why) is not good


def test_a_tcp_probe_wants_a_listener(port: int) -> None:
    assert answer({"tcpSocket": {"port": port}}, port)[0]
    good, why = answer({"tcpSocket": {"port": 1}})
    assert not good
    assert "ConnectionRefused" in why


def test_an_exec_probe_wants_exit_code_zero() -> None:
    assert answer({"exec": {"command": ["true"]}})[0]
    assert answer({"exec": {"command": ["false"]}}) == (False, "command exited with 1: it said no")


def test_a_probe_that_hangs_fails_when_its_time_is_over() -> None:
    good, why = answer({"exec": {"command": ["hang"]}}, timeout=0.1)
    assert not good
    assert "no answer within 0.1 s" in why


def test_an_unknown_port_name_and_kind_are_told() -> None:
    assert "no port named 'web'" in answer({"httpGet": {"port": "web"}})[1]
    assert "['grpc'] is not supported" in answer({"grpc": {"port": 1}})[1]


def test_the_verdict_moves_only_at_a_threshold() -> None:
    probe, tally = Probe(action={}, successes=2, failures=3), Tally()
    verdicts = []
    for good in (True, True, False, False, True, False, False, False, True, True):
        tally = count(tally, probe, good=good)
        verdicts.append(tally.verdict)
    assert verdicts == [None, True, True, True, True, True, True, False, False, True]


def test_missing_fields_have_the_apis_defaults() -> None:
    assert parse({"httpGet": {"port": 1}}) == Probe(action={"httpGet": {"port": 1}})
    assert parse(None) is None
    assert port_number("80", {}) == 80
    assert named_ports({"ports": [{"name": "http", "containerPort": 5000}, {"containerPort": 1}]}) == {
        "http": 5000
    }
