from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from lab.cache import Cache, CacheError, Entry, Verify, default_root
from lab.progress import Step
from tests.lab.told import Told

# Builds the entry `tool` and blocks in the middle of it until a line arrives. Says what it does.
BUILDER = """
import sys
from pathlib import Path
from lab.cache import Cache, Entry
from lab.progress import LineProgress

def build(folder, step):
    (folder / "half").write_text("half")
    print("building", flush=True)
    sys.stdin.readline()
    (folder / "tool").write_text("content")
    with Path(sys.argv[2]).open("a") as log:
        log.write("built\\n")

entry = Entry(name="tool", key="1", label="building tool 1", build=build)
print(Cache(Path(sys.argv[1])).entry(entry, LineProgress(sys.stdout)), flush=True)
"""


def write_tool(folder: Path, step: Step) -> None:
    step.update("writing")
    (folder / "bin").mkdir()
    (folder / "bin" / "tool").write_bytes(b"\x7fELF" + bytes(1000))
    (folder / "bin" / "tool").chmod(0o755)


TOOL = Entry(name="tool", key="1", label="building tool 1", build=write_tool)


def builder(root: Path, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(root), str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def read_until(stream: IO[str] | None, text: str) -> str:
    assert stream is not None
    seen = ""
    for line in stream:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} never came, only: {seen}")


def test_an_entry_is_built_once_and_then_found_in_silence(tmp_path: Path) -> None:
    first, second = Told(), Told()
    path = Cache(tmp_path).entry(TOOL, first)
    assert (path / "bin" / "tool").stat().st_mode & 0o111
    assert first.lines == ["+ building tool 1", "! writing", "- building tool 1"]
    assert Cache(tmp_path).entry(TOOL, second) == path
    assert second.lines == []


def test_entries_of_different_keys_stand_side_by_side(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.entry(TOOL, Told()) != cache.entry(replace(TOOL, key="2"), Told())
    assert cache.find(TOOL)


@pytest.mark.parametrize("verify", list(Verify))
def test_a_wrong_bit_in_a_cached_file_is_found_said_and_repaired(tmp_path: Path, verify: Verify) -> None:
    entry = replace(TOOL, verify=verify)
    cache, told = Cache(tmp_path), Told()
    tool = cache.entry(entry, Told()) / "bin" / "tool"
    good = tool.read_bytes()
    tool.write_bytes(good[:500] + b"\x01" + good[501:])
    assert cache.find(entry) is None
    assert (cache.entry(entry, told) / "bin" / "tool").read_bytes() == good
    assert "damaged (bin/tool: its content changed)" in str(told)
    assert str(cache.root / "tool" / "1") in str(told)


def test_a_wrong_bit_that_keeps_the_time_of_the_file_is_found_by_content(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    tool = cache.entry(TOOL, Told()) / "bin" / "tool"
    before = tool.stat()
    tool.write_bytes(b"\x01" + tool.read_bytes()[1:])
    os.utime(tool, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.find(TOOL) is None


@pytest.mark.parametrize("verify", list(Verify))
def test_missing_shorter_and_no_longer_executable_files_are_damage(tmp_path: Path, verify: Verify) -> None:
    entry = replace(TOOL, verify=verify)
    cache = Cache(tmp_path)
    harms: dict[str, Callable[[Path], object]] = {
        "No such file": lambda tool: tool.unlink(),
        "size is 0, was 1004": lambda tool: tool.write_bytes(b""),
        "mode is": lambda tool: tool.chmod(0o644),
    }
    for words, harm in harms.items():
        told = Told()
        harm(cache.entry(entry, Told()) / "bin" / "tool")
        cache.entry(entry, told)
        assert words in str(told)


def test_an_unreadable_manifest_is_damage(tmp_path: Path) -> None:
    cache, told = Cache(tmp_path), Told()
    (cache.entry(TOOL, Told()) / ".manifest.json").write_text("{")
    cache.entry(TOOL, told)
    assert "no readable manifest" in str(told)
    assert cache.find(TOOL)


def test_byte_code_that_python_writes_later_is_no_damage(tmp_path: Path) -> None:
    def write_module(folder: Path, step: Step) -> None:
        (folder / "module.py").write_text("")
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "module.pyc").write_text("old")

    entry = replace(TOOL, build=write_module, verify=Verify.STAT)
    path = Cache(tmp_path).entry(entry, Told())
    (path / "__pycache__" / "module.pyc").write_text("new one")
    (path / "__pycache__" / "other.pyc").write_text("")
    assert Cache(tmp_path).find(entry) == path


def test_content_stays_where_it_was_built(tmp_path: Path) -> None:
    def write_own_path(folder: Path, step: Step) -> None:
        (folder / "path").write_text(str(folder))

    path = Cache(tmp_path).entry(replace(TOOL, build=write_own_path), Told())
    assert Path((path / "path").read_text()).samefile(path)


def test_the_old_content_stays_in_place_until_the_new_one_is_complete(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    path = cache.entry(TOOL, Told())
    (path / "bin" / "tool").write_bytes(b"damaged")
    seen: list[bytes] = []

    def build(folder: Path, step: Step) -> None:
        seen.append((path / "bin" / "tool").read_bytes())
        write_tool(folder, step)

    cache.entry(replace(TOOL, build=build), Told())
    assert seen == [b"damaged"]
    assert len([child for child in (tmp_path / "tool").iterdir() if child.is_dir()]) == 2, "link and content"


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path, step: Step) -> None:
        write_tool(folder, step)
        raise ValueError("compiler says no")

    with pytest.raises(ValueError, match="compiler says no"):
        Cache(tmp_path).entry(replace(TOOL, build=fail), Told())
    assert [path.name for path in (tmp_path / "tool").iterdir()] == ["1.lock"]


def test_a_builder_that_is_killed_leaves_no_half_entry(tmp_path: Path) -> None:
    with builder(tmp_path / "cache", tmp_path / "log") as process:
        read_until(process.stdout, "building\n")
        process.kill()
    cache = Cache(tmp_path / "cache")
    assert cache.find(TOOL) is None
    path = cache.entry(TOOL, Told())
    assert not (path / "half").exists()
    assert [child for child in path.parent.iterdir() if child.is_dir() and not child.samefile(path)] == []


def test_of_two_processes_one_builds_and_the_other_waits(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with builder(tmp_path / "cache", log) as first:
        read_until(first.stdout, "building\n")
        with builder(tmp_path / "cache", log) as second:
            read_until(second.stdout, "waiting for another process")
            assert first.stdin is not None
            first.stdin.write("\n")
            first.stdin.flush()
            path = str(tmp_path / "cache" / "tool" / "1")
            read_until(first.stdout, f"{path}\n")
            read_until(second.stdout, f"{path}\n")
    assert log.read_text() == "built\n"


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_cache_that_cannot_be_written_is_named_with_its_variable(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    root = tmp_path / "file" / below
    with pytest.raises(CacheError) as caught:
        Cache(root).entry(TOOL, Told())
    assert f"cache folder {root}: cannot be written" in str(caught.value)
    assert "MLOPS_CACHE_DIR" in str(caught.value)


def test_an_error_of_the_build_is_not_taken_for_an_unwritable_cache(tmp_path: Path) -> None:
    def fail(folder: Path, step: Step) -> None:
        raise PermissionError("somewhere else")

    with pytest.raises(PermissionError, match="somewhere else"):
        Cache(tmp_path).entry(replace(TOOL, build=fail), Told())


def test_the_folder_comes_from_the_environment_else_from_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLOPS_CACHE_DIR", str(tmp_path / "mine"))
    assert Cache().root == default_root() == tmp_path / "mine"
    monkeypatch.delenv("MLOPS_CACHE_DIR")
    assert default_root().name == "mlops-platform"
    assert not (tmp_path / "mine").exists(), "nothing is touched before it is needed"


def test_the_manifest_states_the_sha256_of_the_content(tmp_path: Path) -> None:
    path = Cache(tmp_path).entry(TOOL, Told())
    recorded = json.loads((path / ".manifest.json").read_text())
    printed = subprocess.run(
        ["sha256sum", path / "bin" / "tool"], capture_output=True, text=True, check=True
    ).stdout
    assert recorded["bin/tool"][2] == printed.split()[0]
