from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.errors import CommandFailed, CommandRefused
from cli.review_plans import NO_LAB, base_plan, checked_out, merge_base, without_lab
from config.load import LAB_FOLDER_VARIABLE


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "file").write_text(text)
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit on `main`."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "first")
    return folder


def test_compared_is_with_where_the_branch_left_its_base(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "-b", "change")
    commit(repository, "changed")
    git(repository, "checkout", "--quiet", "main")
    commit(repository, "meanwhile")
    git(repository, "checkout", "--quiet", "change")
    assert merge_base(repository, "main") == first


@pytest.mark.parametrize("base", ["nothing", "--output=file", ""])
def test_a_base_that_there_is_not_is_refused(repository: Path, base: str) -> None:
    with pytest.raises(CommandRefused, match="no such commit"):
        merge_base(repository, base)


def test_a_base_without_common_history_is_refused(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--orphan", "other")
    commit(repository, "other")
    with pytest.raises(CommandRefused, match="whole history"):
        merge_base(repository, "main")


def test_the_base_is_checked_out_beside_the_working_tree_and_gone_afterwards(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    (repository / "file").write_text("not committed")
    with checked_out(repository, first) as folder:
        assert (folder / "file").read_text() == "first"
        assert (repository / "file").read_text() == "not committed"
    assert not folder.exists()
    assert git(repository, "worktree", "list", "--porcelain").count("worktree ") == 1


def test_a_project_below_the_top_of_its_repository_is_found_there(repository: Path) -> None:
    (repository / "below").mkdir()
    (repository / "below" / "file").write_text("inner")
    git(repository, "add", "below")
    git(repository, "commit", "--quiet", "--message", "below")
    with checked_out(repository / "below", "HEAD") as folder:
        assert (folder / "file").read_text() == "inner"


def test_a_commit_that_cannot_be_checked_out_is_told(repository: Path) -> None:
    with pytest.raises(CommandFailed, match="worktree add"), checked_out(repository, "0" * 40):
        pass


def test_a_plan_is_made_by_the_program_of_its_folder_which_finds_no_lab(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").touch()
    program = (
        "import json, os, sys\ndef main(): print(json.dumps([sys.argv[1:], os.environ['MLOPS_LAB_DIR']]))\n"
    )
    (tmp_path / "cli" / "main.py").write_text(program)
    asked = ["preview", "--stack", "dev", "--engine", "embedded", "--json"]
    said: object = base_plan(tmp_path, "dev")
    assert said == [asked, NO_LAB]


def test_a_program_that_breaks_is_told_with_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").touch()
    (tmp_path / "cli" / "main.py").write_text("import sys\ndef main(): sys.exit('no such thing')\n")
    with pytest.raises(CommandFailed, match=r"^no such thing$"):
        base_plan(tmp_path, "dev")


@pytest.mark.parametrize("before", [None, "mine"])
def test_without_the_lab_ends_with_the_block(monkeypatch: pytest.MonkeyPatch, before: str | None) -> None:
    monkeypatch.delenv(LAB_FOLDER_VARIABLE, raising=False)
    if before:
        monkeypatch.setenv(LAB_FOLDER_VARIABLE, before)
    with without_lab():
        assert os.environ[LAB_FOLDER_VARIABLE] == NO_LAB
    assert os.environ.get(LAB_FOLDER_VARIABLE) == before
