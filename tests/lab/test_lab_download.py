from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tenacity

from lab.cache import Cache, Entry
from lab.certs import Subject, authority, leaf
from lab.download import Attempts, DownloadError, TransientError, maven
from lab.progress import Step
from tests.lab.told import Answer, Mirror, Told

COORDINATES = "org.example:thing:zip:1.2"
PATH = "/maven2/org/example/thing/1.2/thing-1.2.zip"
CONTENT = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(CONTENT).hexdigest()
AT_ONCE = Attempts(wait=tenacity.wait_none())
WHOLE = Answer(content=CONTENT)
BROKEN = Answer(content=CONTENT, cut=len(CONTENT) // 2)

Answers = Callable[..., Mirror]


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    """Starts a mirror that gives these answers, the last one for ever, and names it in the environment."""
    running = []

    def start(*answers: Answer) -> Mirror:
        left = list(answers)
        context = Mirror(lambda path: left.pop(0) if len(left) > 1 else left[0]).serving()
        running.append(context)
        mirror = context.__enter__()
        monkeypatch.setenv("MVNW_REPOURL", f"{mirror.address}/maven2")
        return mirror

    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "MVNW_USERNAME", "MVNW_PASSWORD"):
        monkeypatch.delenv(variable, raising=False)
    yield start
    for context in running:
        context.__exit__(None, None, None)


def fetch(target: Path, told: Told) -> None:
    with told.step("fetching") as step:
        maven(COORDINATES, SHA256, target, step, AT_ONCE)


def test_an_artifact_comes_from_the_repository_that_the_environment_names(
    mirror: Answers, tmp_path: Path
) -> None:
    server = mirror(WHOLE)
    fetch(tmp_path / "thing.zip", Told())
    assert (tmp_path / "thing.zip").read_bytes() == CONTENT
    assert server.asked == [PATH]


def test_a_download_that_breaks_off_is_tried_again(mirror: Answers, tmp_path: Path) -> None:
    server, told = mirror(BROKEN, BROKEN, WHOLE), Told()
    fetch(tmp_path / "thing.zip", told)
    assert (tmp_path / "thing.zip").read_bytes() == CONTENT
    assert len(server.asked) == 3
    assert f"{COORDINATES}: the connection broke off; attempt 2 in 0 s" in str(told)


def test_a_download_that_keeps_breaking_off_fails_with_a_remedy_and_leaves_nothing(
    mirror: Answers, tmp_path: Path
) -> None:
    server = mirror(BROKEN)
    with pytest.raises(DownloadError) as caught:
        fetch(tmp_path / "thing.zip", Told())
    assert len(server.asked) == 4
    message = str(caught.value)
    assert message.startswith(f"{COORDINATES}: could not be fetched in 4 attempts (the connection broke off)")
    assert "MVNW_REPOURL" in message
    assert "127.0.0.1" not in message, "an address may hold a credential"
    assert list(tmp_path.iterdir()) == []


def test_nothing_half_done_stays_in_the_cache(mirror: Answers, tmp_path: Path) -> None:
    def build(folder: Path, step: Step) -> None:
        maven(COORDINATES, SHA256, folder / "thing.zip", step, AT_ONCE)

    entry = Entry(name="thing", key="1.2", label="fetching thing", build=build)
    mirror(BROKEN)
    with pytest.raises(DownloadError):
        Cache(tmp_path).entry(entry, Told())
    assert [path.name for path in (tmp_path / "thing").iterdir()] == ["1.2.lock"]
    mirror(WHOLE)
    assert (Cache(tmp_path).entry(entry, Told()) / "thing.zip").read_bytes() == CONTENT


def test_content_with_another_checksum_is_not_kept(mirror: Answers, tmp_path: Path) -> None:
    mirror(Answer(content=CONTENT[:-1] + b"x"))
    with pytest.raises(DownloadError, match=f"its sha256 is .*, not {SHA256}"):
        fetch(tmp_path / "thing.zip", Told())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("status", "requests"), [(404, 1), (403, 1), (503, 4)])
def test_a_final_refusal_is_not_asked_for_again(
    mirror: Answers, tmp_path: Path, status: int, requests: int
) -> None:
    server = mirror(Answer(status=status))
    with pytest.raises(DownloadError, match=f"HTTP status {status}"):
        fetch(tmp_path / "thing.zip", Told())
    assert len(server.asked) == requests


def test_a_repository_that_nobody_serves_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, mirror: Answers, tmp_path: Path
) -> None:
    monkeypatch.setenv("MVNW_REPOURL", "http://127.0.0.1:9/maven2")
    with pytest.raises(DownloadError, match="no connection"):
        fetch(tmp_path / "thing.zip", Told())


def test_credentials_reach_the_mirror_and_no_message(
    monkeypatch: pytest.MonkeyPatch, mirror: Answers, tmp_path: Path
) -> None:
    monkeypatch.setenv("MVNW_USERNAME", "me")
    monkeypatch.setenv("MVNW_PASSWORD", "hidden-word")
    server, told = mirror(Answer(status=401)), Told()
    with pytest.raises(DownloadError) as caught:
        fetch(tmp_path / "thing.zip", told)
    assert server.authorizations == ["Basic " + base64.b64encode(b"me:hidden-word").decode()]
    assert "hidden-word" not in f"{caught.value}{told}"


def test_attempts_wait_longer_each_time() -> None:
    waits = [Attempts().wait(tenacity.RetryCallState(tenacity.Retrying(), None, (), {})) for _ in range(2)]
    assert all(1 <= wait <= 2 for wait in waits)
    slept: list[float] = []

    def always_fail() -> None:
        raise TransientError("no")

    with Told().step("x") as step, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tenacity.nap.time.sleep", slept.append)
        with pytest.raises(DownloadError):
            Attempts().run(always_fail, what="x", remedy="y", step=step)
    assert len(slept) == 3
    assert slept[0] < slept[1] < slept[2]


@pytest.mark.parametrize("trusted", [True, False])
def test_the_authorities_of_the_system_are_trusted_and_no_other(
    trusted: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signer = authority(tmp_path, "ca", "mirror authority")
    serving = leaf(signer, tmp_path, "mirror", Subject(name="mirror", hosts=("127.0.0.1",)))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(serving.certificate, serving.key)
    other = authority(tmp_path, "other", "another authority")
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "MVNW_USERNAME", "MVNW_PASSWORD", "HTTPS_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(signer.path if trusted else other.path))
    with Mirror(lambda path: WHOLE, tls=tls).serving() as mirror:
        monkeypatch.setenv("MVNW_REPOURL", f"{mirror.address}/maven2")
        if trusted:
            fetch(tmp_path / "thing.zip", Told())
            assert (tmp_path / "thing.zip").read_bytes() == CONTENT
        else:
            with pytest.raises(DownloadError, match="certificate is not trusted"):
                fetch(tmp_path / "thing.zip", Told())
