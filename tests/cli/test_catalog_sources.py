from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import tenacity
import yaml

from cli import catalog_sources
from cli.catalog_sources import ATTEMPTS, NotThere, Pin, client, pins
from config import catalog
from config.catalog import Chart, Definitions, Image
from tests.cli.registry import Registry, serving

ARCHIVE, MANIFEST = b"the archive", b'{"schemaVersion": 2}'


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setattr(tenacity.nap, "time", type("NoTime", (), {"sleep": staticmethod(lambda _: None)}))
    with serving(tmp_path) as (found, authority):
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        yield found


def pin(one: Any, monkeypatch: pytest.MonkeyPatch) -> Pin:
    """The one line of a catalogue with nothing else in it."""
    monkeypatch.setattr(catalog_sources, "catalog", type("Catalogue", (), {"ONE": one}))
    (found,) = pins()
    return found


def chart(repository: str) -> Chart:
    return Chart(name="a", version="1.2.3", repository=repository, digest=sha256(ARCHIVE))


def index(*urls: str) -> bytes:
    return yaml.safe_dump({"entries": {"a": [{"version": "1.2.3", "urls": list(urls)}]}}).encode()


def test_everything_in_the_catalogue_is_a_line() -> None:
    values = [*vars(catalog).values(), *catalog.ISTIO_CHARTS.values()]
    named = [one.name for one in values if isinstance(one, Chart | Definitions)]
    named += [one.repository.rpartition("/")[2] for one in values if isinstance(one, Image)]
    assert sorted(one.name for one in pins()) == sorted(named)


@pytest.mark.parametrize("url", ["a-1.2.3.tgz", "{address}/charts/a-1.2.3.tgz"])
def test_a_repositorys_chart_is_its_archive(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    registry.files["/charts/index.yaml"] = index(url.format(address=registry.address))
    registry.files["/charts/a-1.2.3.tgz"] = ARCHIVE
    assert pin(chart(f"{registry.address}/charts"), monkeypatch).ask(client()) == sha256(ARCHIVE)


def test_a_registrys_chart_is_its_manifest(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.files["/v2/charts/a/manifests/1.2.3"] = MANIFEST
    assert pin(chart(f"oci://{registry.host}/charts"), monkeypatch).ask(client()) == sha256(MANIFEST)


def test_an_image_is_its_manifest_and_asked_for_with_a_token_for_nobody(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.files["/v2/team/a/manifests/v1"] = MANIFEST
    image = Image(repository=f"{registry.host}/team/a", tag="v1")
    assert pin(image, monkeypatch).ask(client()) == sha256(MANIFEST)
    assert [one.partition("?")[0] for one in registry.asked] == [
        "/v2/team/a/manifests/v1",
        "/token",
        "/v2/team/a/manifests/v1",
    ]


def test_definitions_are_their_file_wherever_it_has_moved(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.moved["/here.yaml"] = "/there.yaml"
    registry.files["/there.yaml"] = ARCHIVE
    one = Definitions(name="a", version="1", address=f"{registry.address}/here.yaml", digest="")
    assert pin(one, monkeypatch).ask(client()) == sha256(ARCHIVE)


def test_a_repository_that_is_busy_is_asked_again(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.files["/a.yaml"], registry.busy["/a.yaml"] = ARCHIVE, ATTEMPTS - 1
    one = Definitions(name="a", version="1", address=f"{registry.address}/a.yaml", digest="")
    assert pin(one, monkeypatch).ask(client()) == sha256(ARCHIVE)
    registry.busy["/a.yaml"] = ATTEMPTS
    with pytest.raises(httpx.HTTPStatusError, match="503"):
        pin(one, monkeypatch).ask(client())


@pytest.mark.parametrize("scheme", ["https", "oci"])
def test_a_version_that_is_not_there_is_named_and_asked_for_once(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    registry.files["/charts/index.yaml"] = yaml.safe_dump({"entries": {"a": []}}).encode()
    with pytest.raises(NotThere, match=r"index\.yaml has no a 1\.2\.3|manifests/1\.2\.3 is not there"):
        pin(chart(f"{scheme}://{registry.host}/charts"), monkeypatch).ask(client())
    assert len([one for one in registry.asked if not one.startswith("/token")]) <= 2


def test_a_server_that_the_authorities_do_not_vouch_for_is_not_believed(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    one = Definitions(name="a", version="1", address=f"{registry.address}/a.yaml", digest="")
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        pin(one, monkeypatch).ask(client())
