from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import tenacity

from lab.cache import remove
from lab.download import Attempts, DownloadError
from lab.gobuild import Workspace, checksum
from lab.toolchain import ToolError, go
from tests.lab.told import Answer, Mirror, Told

MODULE, VERSION = "example.test/thing", "v1.0.0"
FILES = {"go.mod": b"module example.test/thing\n", "crd.yaml": b"kind: CustomResourceDefinition\n"}
REAL_SUM = (
    "h1:"
    + base64.b64encode(
        hashlib.sha256(
            "".join(
                f"{hashlib.sha256(content).hexdigest()}  {MODULE}@{VERSION}/{name}\n"
                for name, content in sorted(FILES.items())
            ).encode()
        ).digest()
    ).decode()
)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(f"{MODULE}@{VERSION}/{name}", content)
    return file.getvalue()


def proxy(path: str) -> Answer:
    """Answers as a Go module proxy that has one module."""
    prefix = f"/{MODULE}/@v/{VERSION}"
    contents = {
        f"{prefix}.info": f'{{"Version": "{VERSION}"}}'.encode(),
        f"{prefix}.mod": FILES["go.mod"],
        f"{prefix}.zip": zipped(),
    }
    return Answer(content=contents[path]) if path in contents else Answer(status=404)


@pytest.fixture
def mirrored(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mirror], None]:
    def use(mirror: Mirror) -> None:
        monkeypatch.setenv("GOPROXY", mirror.address)
        monkeypatch.setenv("GONOPROXY", "none")
        monkeypatch.setenv("GOSUMDB", "off")
        monkeypatch.delenv("HTTP_PROXY", raising=False)
        monkeypatch.delenv("http_proxy", raising=False)

    return use


def workspace(folder: Path, sums: str) -> Workspace:
    recipe = folder / "recipe"
    recipe.mkdir()
    (recipe / "go.mod").write_text(f"module recipe\n\ngo 1.24.0\n\nrequire {MODULE} {VERSION}\n")
    (recipe / "go.sum").write_text(sums)
    (recipe / "main.go").write_text(f'package main\n\nimport _ "{MODULE}"\n\nfunc main() {{}}\n')
    return Workspace(
        go=go(), recipe=recipe, root=folder / "caches", attempts=Attempts(wait=tenacity.wait_none())
    )


def test_a_module_comes_from_the_proxy_of_the_environment(
    mirrored: Callable[[Mirror], None], tmp_path: Path
) -> None:
    with Mirror(proxy).serving() as mirror, Told().step("x") as step:
        mirrored(mirror)
        used = workspace(tmp_path, f"{MODULE} {VERSION} {REAL_SUM}\n")
        folder = used.module(MODULE, VERSION, step)
    assert (folder / "crd.yaml").read_bytes() == FILES["crd.yaml"]
    assert folder.is_relative_to(used.root), "the user's own module cache is left alone"
    assert f"/{MODULE}/@v/{VERSION}.zip" in mirror.asked
    remove(used.root)
    assert not used.root.exists()


def test_a_module_with_another_checksum_is_refused_at_once(
    mirrored: Callable[[Mirror], None], tmp_path: Path
) -> None:
    wrong = "h1:" + base64.b64encode(bytes(32)).decode()
    with Mirror(proxy).serving() as mirror, Told().step("x") as step:
        mirrored(mirror)
        with pytest.raises(ToolError, match="checksum mismatch"):
            workspace(tmp_path, f"{MODULE} {VERSION} {wrong}\n").module(MODULE, VERSION, step)
    assert mirror.asked.count(f"/{MODULE}/@v/{VERSION}.zip") == 1


def test_a_module_without_a_recorded_checksum_is_refused(
    mirrored: Callable[[Mirror], None], tmp_path: Path
) -> None:
    with Mirror(proxy).serving() as mirror, Told().step("x") as step:
        mirrored(mirror)
        with pytest.raises(DownloadError, match=r"recipe/go\.sum has no checksum of it"):
            workspace(tmp_path, "").module(MODULE, VERSION, step)
    assert mirror.asked == []


def test_a_proxy_that_fails_is_asked_again_and_then_named_with_a_remedy(
    mirrored: Callable[[Mirror], None], tmp_path: Path
) -> None:
    told = Told()
    with Mirror(lambda path: Answer(status=503)).serving() as mirror, told.step("x") as step:
        mirrored(mirror)
        with pytest.raises(DownloadError) as caught:
            workspace(tmp_path, f"{MODULE} {VERSION} {REAL_SUM}\n").module(MODULE, VERSION, step)
    assert str(caught.value).startswith(f"Go module {MODULE} {VERSION}: could not be fetched in 4 attempts")
    assert "GOPROXY" in str(caught.value)
    assert len(mirror.asked) >= 4
    assert "attempt 2 in" in str(told)


def test_modules_of_a_program_are_fetched_from_the_proxy_of_the_environment(
    mirrored: Callable[[Mirror], None], tmp_path: Path
) -> None:
    with Mirror(lambda path: Answer(status=503)).serving() as mirror, Told().step("x") as step:
        mirrored(mirror)
        sums = f"{MODULE} {VERSION} {REAL_SUM}\n{MODULE} {VERSION}/go.mod {REAL_SUM}\n"
        with pytest.raises(DownloadError, match="Go modules of recipe"):
            workspace(tmp_path, sums).fetch(["."], step)
    assert any(path.startswith(f"/{MODULE}/@v/{VERSION}.") for path in mirror.asked)


def test_a_checksum_is_that_of_the_module_and_not_of_its_go_mod() -> None:
    sums = "a.b/c v1.0.0/go.mod h1:mod=\na.b/c v1.0.0 h1:content=\na.b/c v1.0.01 h1:other=\n"
    assert checksum(sums, "a.b/c", "v1.0.0") == "h1:content="
    assert checksum(sums, "a.b/c", "v2.0.0") is None
