"""The connection to an API server that asks to wait; only the server is played."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml

from engine.errors import ObjectRefused
from engine.providers.kubernetes_client import Cluster
from tests.https_server import Answer, serving

WAIT: Answer = (429, {"Retry-After": "0"}, b'{"message": "storage is (re)initializing"}')
PATH = "/apis/mlops.platform/v1alpha1/devenvironments"


def cluster(host: str, authority: Path, folder: Path) -> Cluster:
    entries = {
        "clusters": [
            {"name": "a", "cluster": {"server": f"https://{host}", "certificate-authority": str(authority)}}
        ],
        "users": [{"name": "a", "user": {"token": "t"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    kubeconfig = yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "a", **entries})
    return Cluster("a", kubeconfig, "", folder, connect_timeout=30)


@pytest.mark.parametrize(("times", "answered"), [(0, True), (10, True), (11, False)])
def test_a_server_that_asks_to_wait_is_asked_ten_times_more(
    tmp_path: Path, times: int, answered: bool
) -> None:
    turns = itertools.count()

    def answer(path: str, _: str | None) -> Answer:
        return WAIT if path == PATH and next(turns) < times else (200, {}, b'{"kind": "A"}')

    with serving(tmp_path, answer) as (host, authority):
        asked = cluster(host, authority, tmp_path)
        if answered:
            assert asked.get(PATH) == {"kind": "A"}
            return
        with pytest.raises(ObjectRefused, match="initializing"):
            asked.get(PATH)
