"""The script that posts a comment, against a server on this machine with a certificate of its own."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ci import post_comment
from cli import review_markdown
from lab.certs import Authority, Subject, authority, leaf

SCRIPT = Path(__file__).resolve().parents[2] / "ci" / "post_comment.py"
TOKEN = "the-token"
TEXT = f"{review_markdown.MARKER}\nnew\n"
OLD = {"id": 7, "body": f"{review_markdown.MARKER}\nold\n"}
OTHERS = [{"id": number, "body": "a word"} for number in range(100, 200)]


@dataclass
class Server:
    """A platform's API that keeps what it was asked."""

    url: str
    authority: Path
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    elsewhere: str = ""
    """Where it redirects everything, if it does."""

    def post(self, folder: Path, text: str = TEXT, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script on the text with that environment and no other."""
        file = folder / "review.md"
        file.write_text(text)
        return subprocess.run(
            [sys.executable, str(SCRIPT), str(file)],
            env={"SSL_CERT_FILE": str(self.authority), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def github(self, **more: str) -> dict[str, str]:
        return {
            "GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "o/r", "PULL_REQUEST": "3", "GITHUB_TOKEN": TOKEN, **more
        }  # fmt: skip

    def gitlab(self) -> dict[str, str]:
        return {
            "CI_API_V4_URL": self.url, "CI_PROJECT_ID": "5", "CI_MERGE_REQUEST_IID": "3", "GITLAB_TOKEN": TOKEN
        }  # fmt: skip


@pytest.fixture
def signer(tmp_path: Path) -> Authority:
    return authority(tmp_path, "ca", "authority")


@pytest.fixture
def server(tmp_path: Path, signer: Authority) -> Iterator[Server]:
    with serving(tmp_path, signer, tls=True) as known:
        yield known


@contextmanager
def serving(folder: Path, signer: Authority, *, tls: bool) -> Iterator[Server]:
    known = Server(url="", authority=signer.path)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            known.asked.append((self.command, self.path, body))
            known.headers.append(dict(self.headers))
            found: Any = {}
            if known.elsewhere:
                self.send_response(302)
                self.send_header("Location", known.elsewhere + self.path)
            elif self.headers.get("Authorization", self.headers.get("PRIVATE-TOKEN", "")).endswith(TOKEN):
                page = int(self.path.rpartition("page=")[2]) if self.command == "GET" else 1
                found = known.comments[100 * (page - 1) : 100 * page] if self.command == "GET" else {}
                self.send_response(200)
            else:
                self.send_response(401, "who are you")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815 - the server's names

        def log_message(self, *words: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        pair = leaf(signer, folder, "server", Subject(name="server", hosts=("127.0.0.1",)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        http.socket = context.wrap_socket(http.socket, server_side=True)
    known.url = f"{'https' if tls else 'http'}://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def test_a_review_is_known_by_the_line_that_the_review_writes() -> None:
    assert post_comment.MARKER == review_markdown.MARKER


@pytest.mark.parametrize("text", ["", "a word\n", f" {TEXT}", f"\n{TEXT}", f"{post_comment.MARKER} a word\n"])
def test_a_file_that_is_no_review_is_refused_before_anybody_is_asked(
    server: Server, tmp_path: Path, text: str
) -> None:
    server.comments = [*OTHERS]
    done = server.post(tmp_path, text, **server.github())
    assert done.returncode == 1
    assert "is no review" in done.stderr
    assert server.asked == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "usage: `python3 ci/post_comment.py FILE`"), (["cut.md"], "error: cut.md: is not UTF-8")],
)
def test_a_wrong_call_and_a_file_that_is_cut_off_are_told_in_one_line(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "cut.md").write_bytes("…".encode()[:2])
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(says)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_a_redirect_takes_the_token_nowhere(
    server: Server, signer: Authority, tmp_path: Path, platform: str, tls: bool
) -> None:
    given = getattr(server, platform)()
    with serving(tmp_path, signer, tls=tls) as other:
        server.elsewhere = other.url
        done = server.post(tmp_path, **given)
        assert other.asked == []
    assert done.returncode == 1
    assert "answered 302" in done.stderr
    assert len(server.asked) == 1


def test_the_first_comment_of_a_pull_request_is_posted(server: Server, tmp_path: Path) -> None:
    server.comments = [*OTHERS]
    done = server.post(tmp_path, **server.github())
    assert (done.returncode, done.stdout) == (0, "posted\n"), done.stderr
    assert server.asked[-1] == ("POST", "/repos/o/r/issues/3/comments", {"body": TEXT})
    assert server.headers[-1]["Authorization"] == f"Bearer {TOKEN}"


def test_the_comment_of_an_earlier_run_is_replaced_however_many_came_before(
    server: Server, tmp_path: Path
) -> None:
    server.comments = [*OTHERS, OLD]
    done = server.post(tmp_path, **server.github())
    assert (done.returncode, done.stdout) == (0, "replaced\n"), done.stderr
    assert server.asked[-1] == ("PATCH", "/repos/o/r/issues/comments/7", {"body": TEXT})


def test_a_merge_requests_note_is_posted_and_replaced(server: Server, tmp_path: Path) -> None:
    assert server.post(tmp_path, **server.gitlab()).stdout == "posted\n"
    assert server.asked[-1] == ("POST", "/projects/5/merge_requests/3/notes", {"body": TEXT})
    server.comments = [OLD]
    assert server.post(tmp_path, **server.gitlab()).stdout == "replaced\n"
    assert server.asked[-1] == ("PUT", "/projects/5/merge_requests/3/notes/7", {"body": TEXT})
    assert server.headers[-1]["Private-Token"] == TOKEN


def test_a_platform_that_refuses_is_told_without_the_token(server: Server, tmp_path: Path) -> None:
    done = server.post(tmp_path, **server.github(GITHUB_TOKEN="wrong-one"))
    assert done.returncode == 1
    assert "401 who are you" in done.stderr
    assert "wrong-one" not in done.stdout + done.stderr


def test_a_server_whose_certificate_is_not_trusted_gets_no_token(server: Server, tmp_path: Path) -> None:
    authority(tmp_path, "other", "somebody else")
    done = server.post(tmp_path, **server.github(SSL_CERT_FILE=str(tmp_path / "other.crt")))
    assert done.returncode == 1
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert server.asked == []


def test_a_server_without_tls_gets_no_token(server: Server, tmp_path: Path) -> None:
    done = server.post(tmp_path, **server.github(GITHUB_API_URL="http://127.0.0.1:1"))
    assert done.returncode == 1
    assert "is not https" in done.stderr


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_what_the_environment_lacks_is_named(server: Server, tmp_path: Path, name: str) -> None:
    done = server.post(tmp_path, **server.github(**{name: ""}))
    assert done.returncode == 1
    assert f"lacks {name}" in done.stderr
    assert server.asked == []
