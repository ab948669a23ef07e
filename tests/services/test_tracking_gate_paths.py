from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking_gate import matching, paths
from tracking_gate.errors import Refused

ROUTES = list(matching.declared())
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "CONNECT")
PARTS = (
    "",
    ".",
    "..",
    "...",
    "%2e%2e",
    "%2f",
    "%5c",
    "%252f",
    "%00",
    ";",
    "a;b",
    "%20",
    "é",
    "%C3%A9",
    "x",
    "1",
)


def pattern_matches(pattern: str, segments: tuple[str, ...]) -> bool:
    """Said again in another way than the gate's."""
    wanted = pattern.split("/") if pattern else []
    if wanted and wanted[-1].endswith("...}"):
        wanted, rest = wanted[:-1], segments[len(wanted) - 1 :]
        if not rest:
            return False
        segments = segments[: len(wanted)]
    return len(wanted) == len(segments) and all(
        part.startswith("{") or part == segment for part, segment in zip(wanted, segments, strict=True)
    )


@st.composite
def likely(draw: st.DrawFn) -> bytes:
    """Paths near those of the table: other segments put in, left out or spelt in another way."""
    parts = draw(st.sampled_from(ROUTES)).pattern.split("/")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(parts)))
        action = draw(st.sampled_from(("insert", "drop", "replace", "upper", "twin")))
        if action == "insert":
            parts.insert(place, draw(st.sampled_from(PARTS)))
        elif place < len(parts):
            changes = {"drop": [], "replace": [draw(st.sampled_from(PARTS))], "upper": [parts[place].upper()]}
            parts[place : place + 1] = changes.get(action, ["ajax-api"])
    return ("/" + "/".join(parts)).encode()


@given(
    path=st.one_of(likely(), st.binary(max_size=60).map(lambda some: b"/" + some)),
    method=st.sampled_from(METHODS),
)
def test_no_path_is_let_through_without_a_route_of_the_table(path: bytes, method: str) -> None:
    try:
        segments = paths.segments(path)
        found = matching.find(method, segments)
    except Refused:
        return
    here = ("api", *segments[1:]) if segments[:1] == ("ajax-api",) else segments
    assert found.route in ROUTES
    assert found.route.method == method
    assert pattern_matches(found.route.pattern, here)
    assert not {"", ".", ".."} & set(segments)


@given(path=st.one_of(likely(), st.text(max_size=40).map(lambda text: f"/{text}".encode())))
def test_the_path_that_goes_on_is_read_in_one_way_only(path: bytes) -> None:
    try:
        segments = paths.segments(path)
    except Refused:
        return
    written = paths.joined(segments)
    assert paths.segments(written.encode()) == segments
    assert re.fullmatch(r"/[A-Za-z0-9_.~%/-]*", written)
    assert all("/" not in part and "\\" not in part for part in segments)


@pytest.mark.parametrize(
    "path",
    [
        b"//version",
        b"/version/",
        b"/./version",
        b"/x/../version",
        b"/x/%2e%2e/version",
        b"/x%2fversion",
        b"/x%5cversion",
        b"/x\\version",
        b"/%2576ersion",
        b"/vers%69on%00",
        b"/%c0%ae%c0%ae/version",
        b"/%ff",
        b"/%zz",
        b"/version?x",
        b"/version#x",
        b"/ver sion",
        b"version",
        b"",
        b"*",
        b"http://elsewhere/version",
        b"/" + b"a" * 5000,
        "/é".encode("latin-1"),
    ],
)
def test_an_ambiguous_path_is_refused(path: bytes) -> None:
    with pytest.raises(Refused) as caught:
        paths.segments(path)
    assert caught.value.status == 400


def test_an_encoded_letter_is_the_letter() -> None:
    assert paths.segments(b"/vers%69on") == ("version",)
    assert paths.segments(b"/") == ()
    assert paths.joined(("a b", "ü", "x+y")) == "/a%20b/%C3%BC/x%2By"


@pytest.mark.parametrize(
    "path", ["", "/1/x", "1//x", "1/../2", "./2", "1/%2e%2e/2", "1\\2", "1/\x00", "a" * 5000]
)
def test_an_artifacts_path_that_could_lead_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        paths.relative(path)


def test_an_artifacts_path_may_end_with_a_slash() -> None:
    assert paths.relative("1/run/artifacts/") == ("1", "run", "artifacts")
