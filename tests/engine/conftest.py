"""Fixtures of the engine's tests: a stack, and one real API server for all tests that need it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.api_server import ApiServer, api_server
from tests.engine.engine_stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with api_server(tmp_path_factory.mktemp("api-server")) as running:
        yield running


@pytest.fixture
def namespace(server: ApiServer, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of this test's own; its deletion is not waited for."""
    name = f"t-{abs(hash(request.node.nodeid)) % 10**9}"
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    server.call("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture
def live(stack: Stack, server: ApiServer, namespace: str) -> Callable[[str], Stack]:
    """A stack on the real server: `NS` in its programs is the test's namespace."""
    (stack.root / "kubeconfig").write_text(server.kubeconfig.read_text())

    def program(text: str) -> Stack:
        return stack.program(f"NS = {namespace!r}\n" + textwrap.dedent(text))

    return program
