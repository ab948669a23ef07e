from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import catalog_sources
from cli.catalog import app
from config import catalog
from config.catalog import Definitions, Image
from tests.cli.registry import Registry, serving

DIGEST = f"sha256:{hashlib.sha256(b'one').hexdigest()}"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """One that has a file and an image, and is all that the catalogue names."""
    with serving(tmp_path) as (found, authority):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        found.files = {"/a.yaml": b"one", "/v2/team/a/manifests/v1": b"{}"}
        ours = {
            "FILE": Definitions(name="file", version="1", address=f"{found.address}/a.yaml", digest=DIGEST),
            "UNPINNED": Image(repository=f"{found.host}/team/a", tag="v1"),
            "UNMADE": Image(repository=f"{found.host}/team/b", tag="v1"),
        }
        monkeypatch.setattr(catalog_sources, "catalog", type("Catalogue", (), ours))
        yield found


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


def states(done: Result) -> dict[str, str]:
    return {one["name"]: one["state"] for one in json.loads(done.stdout)}


def test_the_list_has_every_chart_with_its_digest() -> None:
    listed = json.loads(run("list", "--json").stdout)
    charts = {(one["name"], one["version"]): one["digest"] for one in listed if one["kind"] == "chart"}
    assert charts["cilium", catalog.CILIUM] == catalog.CILIUM_CHART.digest
    assert all(charts.values())
    assert "not known" in run("list").stdout


def test_what_is_there_as_pinned_passes_and_what_is_not_pinned_does_not_fail(registry: Registry) -> None:
    done = run("verify", "--json")
    assert done.exit_code == 0, done.output
    assert states(done) == {"file": "as pinned", "a": "there, and not pinned", "b": "not there"}
    assert registry.asked


@pytest.mark.parametrize(
    ("files", "state"), [({"/a.yaml": b"another"}, "not what is pinned"), ({}, "not there")]
)
def test_what_is_not_as_pinned_fails_the_command(
    registry: Registry, files: dict[str, bytes], state: str
) -> None:
    registry.files = files
    done = run("verify", "--json")
    assert (done.exit_code, states(done)["file"]) == (1, state)


@pytest.mark.usefixtures("registry")
def test_a_repository_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    done = run("verify")
    assert done.exit_code == 1
    assert "no answer" in done.stdout
    assert "/a.yaml" in done.stdout
    assert "0 as pinned, 1 not" in done.stdout
