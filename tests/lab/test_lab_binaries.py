from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from config import catalog
from lab.binaries import BINARIES, Binary, binaries, binary, build
from lab.cache import Cache
from lab.errors import Refusal
from lab.gobuild import RECIPES
from lab.toolchain import ToolError
from tests.lab.told import Told

RIGHT = {
    "etcd": f"etcd Version: {catalog.ETCD}\nGit SHA: none",
    "kube-apiserver": f"Kubernetes v{catalog.KUBERNETES}",
    "kwok": f"kwok version v{catalog.KWOK} go1.27.3 (linux/amd64)",
    "minio": "minio version DEVELOPMENT.GOGET (commit-id=DEVELOPMENT.GOGET)",
}


def put(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def hello(tmp_path: Path) -> Binary:
    """A Go program without dependencies that prints the version it was built with."""
    recipe = tmp_path / "hello"
    recipe.mkdir()
    (recipe / "go.mod").write_text("module example.test/hello\n\ngo 1.24.0\n")
    (recipe / "go.sum").write_text("")
    (recipe / "main.go").write_text(
        'package main\n\nvar version = "none"\n\nfunc main() { print(version) }\n'
    )
    return Binary(
        name="hello",
        version="1.2.3",
        recipe=recipe,
        package="example.test/hello",
        shown=r"(\S+)",
        same=3,
        stamps={"main.version": "1.2.3"},
    )


@pytest.mark.parametrize(
    ("recipe", "module", "version"),
    [
        ("controlplane", "k8s.io/kubernetes", f"v{catalog.KUBERNETES}"),
        ("controlplane", "go.etcd.io/etcd/server/v3", f"v{catalog.ETCD}"),
        ("controlplane", "sigs.k8s.io/kwok", f"v{catalog.KWOK}"),
        ("minio", "github.com/minio/minio", catalog.MINIO),
    ],
)
def test_the_recipes_pin_the_versions_of_the_catalogue(recipe: str, module: str, version: str) -> None:
    pinned = re.findall(rf"^(?:require)?\s*{module} (\S+)", (RECIPES / recipe / "go.mod").read_text(), re.M)
    assert pinned == [version]
    assert f"{module} {version} h1:" in (RECIPES / recipe / "go.sum").read_text()


@pytest.mark.parametrize("name", RIGHT)
def test_kubebuilder_assets_win_over_path_and_path_over_building(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    assets = put(tmp_path / "assets", name, RIGHT[name])
    on_path = put(tmp_path / "path", name, RIGHT[name])
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    told = Told()
    assert binary(name, Cache(tmp_path / "cache"), told) == assets
    monkeypatch.delenv("KUBEBUILDER_ASSETS")
    assert binary(name, Cache(tmp_path / "cache"), told) == on_path
    assert told.lines == []
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("name", "says", "seen"),
    [
        ("kube-apiserver", "Kubernetes v1.36.2", "its version is 1.36.2"),
        ("kube-apiserver", "nothing to see", "it does not say its version"),
        ("etcd", "etcd Version: 3.5.12", "its version is 3.5.12"),
        ("kwok", "kwok version 0.6.1 go1.24", "its version is 0.6.1"),
    ],
)
def test_a_copy_of_another_version_is_named_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, says: str, seen: str
) -> None:
    wrong = put(tmp_path / "assets", name, says)
    right = put(tmp_path / "path", name, RIGHT[name])
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    told = Told()
    assert binary(name, Cache(tmp_path / "cache"), told) == right
    assert told.lines == [f"! {wrong} is not used: {seen}, the lab needs {BINARIES[name].version}"]


def test_a_copy_that_cannot_run_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(tmp_path / "assets", "etcd", "").write_bytes(b"\x7fELF for another machine")
    right = put(tmp_path / "path", "etcd", RIGHT["etcd"])
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    assert binary("etcd", Cache(tmp_path / "cache"), Told()) == right


def test_an_unknown_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="kubelet: the lab has no such binary; it has etcd, kube-apiserver"):
        binaries(["etcd", "kubelet"], Cache(tmp_path), Told())


def test_a_damaged_program_is_built_again_and_the_build_leaves_no_caches(
    tmp_path: Path, hello: Binary
) -> None:
    cache, first, second, third = Cache(tmp_path / "cache"), Told(), Told(), Told()
    program = build([hello], cache, first)["hello"]
    assert "+ building hello 1.2.3 from source, once per user" in first.lines
    assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == "1.2.3"
    assert build([hello], cache, second) == {"hello": program}
    assert second.lines == []

    content = bytearray(program.read_bytes())
    content[len(content) // 2] ^= 1
    program.write_bytes(content)
    assert build([hello], cache, third)["hello"] == program
    assert "damaged (hello: its content changed)" in str(third)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stderr == "1.2.3"
    assert sorted(path.name for path in cache.root.iterdir()) == ["go.lock", "hello"]


def test_a_program_that_does_not_compile_says_why_and_leaves_no_entry(tmp_path: Path, hello: Binary) -> None:
    (hello.recipe / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    with pytest.raises(ToolError, match=r"building hello: go ended with code 1(?s:.*)undefined: undefined"):
        build([hello], Cache(tmp_path / "cache"), Told())
    assert [path.suffix for path in (tmp_path / "cache" / "hello").iterdir()] == [".lock"]


def test_the_key_changes_with_everything_that_changes_the_program(hello: Binary) -> None:
    keys = {
        hello.key("1.27.3"),
        hello.key("1.27.4"),
        replace(hello, stamps={}).key("1.27.3"),
        replace(hello, package="example.test/other").key("1.27.3"),
        replace(hello, version="1.2.4").key("1.27.3"),
    }
    (hello.recipe / "go.sum").write_text("example.test/x v1.0.0 h1:x=\n")
    assert len(keys | {hello.key("1.27.3")}) == 6


def test_the_real_programs_report_their_pinned_versions() -> None:
    """Builds them into the user's own cache if they are not there yet (minutes), as `make up` does."""
    for name, path in binaries(BINARIES, Cache(), Told()).items():
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
        shown = re.search(BINARIES[name].shown, said)
        assert shown, f"{name}: {said}"
        assert BINARIES[name].accepts(shown[1])
