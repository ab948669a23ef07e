from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab.errors import Refusal
from lab.folder import LabFolder, private_folder, write_private


def test_a_relative_folder_means_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = LabFolder(Path(".lab"))
    monkeypatch.chdir("/")
    assert folder.root == tmp_path / ".lab"
    assert folder.marker == {"MLOPS_LAB": str(tmp_path / ".lab")}


def test_every_folder_is_private_to_its_owner(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / "lab")
    folder.create()
    for path in (folder.root, folder.secrets, folder.pki, folder.logs, folder.specs):
        assert path.stat().st_mode & 0o777 == 0o700, path


def test_sockets_lie_in_a_short_folder_when_the_lab_lies_deep(tmp_path: Path) -> None:
    shallow, deep = LabFolder(Path("/srv/lab")), LabFolder(tmp_path / ("d" * 90))
    assert shallow.sockets == shallow.run
    assert len(os.fsencode(deep.supervisor_socket)) < 90
    assert deep.sockets != LabFolder(tmp_path / ("e" * 90)).sockets, "two labs never share a socket"
    deep.sockets.rmdir()
    LabFolder(tmp_path / ("e" * 90)).sockets.rmdir()


def test_a_socket_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o700)
    private_folder(shared)
    shared.chmod(0o755)
    with pytest.raises(Refusal, match="not a private folder"):
        private_folder(shared)


def test_a_private_file_is_never_readable_by_others_and_written_only_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "below" / "secret"
    assert write_private(path, "one")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_ino
    assert not write_private(path, "one")
    assert path.stat().st_ino == before
    assert write_private(path, b"two")
    assert path.read_text() == "two"
    path.chmod(0o644)
    assert write_private(path, "two"), "an equal file with a loose mode is written again"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret"]
