"""A cluster's objects, read over HTTP from a server that answers as an API server does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from controls.manifests import InputError

from cli.policy_cluster import read_cluster

CORE = [("pods", "Pod"), ("pods/log", "Pod"), ("secrets", "Secret"), ("namespaces", "Namespace")]


def resources(*names: tuple[str, str]) -> dict[str, Any]:
    return {"resources": [{"name": name, "kind": kind, "verbs": ["get", "list"]} for name, kind in names]}


def pod(name: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "team", **metadata}, "spec": {"containers": []}}


def owned(name: str, kind: str) -> dict[str, Any]:
    return pod(name, ownerReferences=[{"kind": kind, "name": "o", "controller": True}])


ANSWERS: dict[str, Any] = {
    "/api/v1": resources(*CORE),
    "/apis": {"groups": [{"preferredVersion": {"groupVersion": "apps/v1"}}]},
    "/apis/apps/v1": resources(("deployments", "Deployment")),
    "/api/v1/pods": {"metadata": {"continue": "next"}, "items": [pod("a"), owned("b", "ReplicaSet")]},
    "/api/v1/pods?next": {"metadata": {}, "items": [owned("c", "TrainJob")]},
    "/api/v1/namespaces": {"items": [{"metadata": {"name": "team"}}]},
    "/apis/apps/v1/deployments": {"items": [{"metadata": {"name": "web", "namespace": "team"}}]},
}


class _ApiServer(BaseHTTPRequestHandler):
    answers: dict[str, Any] = {}  # noqa: RUF012 - one server a test, which sets them

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        following = parse_qs(asked.query).get("continue", [""])[0]
        found = self.answers.get(f"{asked.path}?{following}" if following else asked.path)
        self.send_response(200 if found is not None else 403)
        self.end_headers()
        self.wfile.write(json.dumps(found or {}).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's spelling
        """Nobody reads it."""


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the server of context `lab` says; a path that is not in it is forbidden."""
    given = dict(ANSWERS)
    monkeypatch.setattr(_ApiServer, "answers", given)
    with ThreadingHTTPServer(("127.0.0.1", 0), _ApiServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        file = tmp_path / "kubeconfig"
        file.write_text(
            yaml.safe_dump(
                {
                    "clusters": [
                        {"name": "lab", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
                    ],
                    "users": [{"name": "me", "user": {}}],
                    "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
                    "current-context": "lab",
                }
            )
        )
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))
        yield given
        server.shutdown()


def test_every_object_is_read_but_secrets_and_what_a_workload_made(answers: dict[str, Any]) -> None:
    found = read_cluster("lab")
    assert {file for file, _ in found} == {"lab"}
    assert [(item.type, item.name) for _, item in found] == [
        ("Pod", "a"),
        ("Pod", "c"),
        ("Namespace", "team"),
        ("Deployment.apps", "web"),
    ]


def test_a_kind_that_may_not_be_listed_is_refused_and_not_skipped(answers: dict[str, Any]) -> None:
    del answers["/api/v1/pods"]
    with pytest.raises(InputError, match="context lab: GET /api/v1/pods gives 403"):
        read_cluster("lab")


def test_a_context_that_there_is_not_is_named(answers: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="context nowhere: "):
        read_cluster("nowhere")
