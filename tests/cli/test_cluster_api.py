"""A cluster that cannot be asked is one clear error; the servers are on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from kubernetes import client

from cli.cluster_api import cluster_api
from cli.errors import CommandFailed
from config.clusters import LabCluster
from tests.config.test_config_gpu_fit import EAST


class _Forbids(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def forbidding() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Forbids) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def silent() -> Iterator[str]:
    """An address on which nobody listens, held so that nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"https://127.0.0.1:{taken.getsockname()[1]}"


def reached_by(folder: Path, server: str, context: str = "east") -> LabCluster:
    """The cluster `east`, by a kubeconfig in that folder."""
    (folder / "kubeconfig").write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": {}}],
                "contexts": [{"name": context, "context": {"cluster": "c", "user": "me"}}],
            }
        )
    )
    return EAST.in_folder(str(folder))


def asked(cluster: LabCluster, folder: Path) -> None:
    with cluster_api(cluster, folder) as api:
        client.CoreV1Api(api).list_node()


def test_a_cluster_without_a_kubeconfig_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cluster east: no usable kubeconfig: "):
        asked(EAST.in_folder(str(tmp_path)), tmp_path)


def test_a_kubeconfig_without_the_context_is_not_usable(tmp_path: Path, silent: str) -> None:
    with pytest.raises(CommandFailed, match=r"cluster east: no usable kubeconfig: .*east"):
        asked(reached_by(tmp_path, silent, context="west"), tmp_path)


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, silent: str) -> None:
    with pytest.raises(CommandFailed, match=r"cluster east: its API server does not answer: .*refused"):
        asked(reached_by(tmp_path, silent), tmp_path)


def test_a_cluster_that_refuses_says_with_what(tmp_path: Path, forbidding: str) -> None:
    with pytest.raises(CommandFailed, match="cluster east: its API server answers 403 Forbidden"):
        asked(reached_by(tmp_path, forbidding), tmp_path)


def test_what_a_command_says_itself_is_not_said_in_other_words(tmp_path: Path, silent: str) -> None:
    with (
        pytest.raises(CommandFailed, match="job a/b: too late"),
        cluster_api(reached_by(tmp_path, silent), tmp_path),
    ):
        raise CommandFailed("job a/b: too late")
