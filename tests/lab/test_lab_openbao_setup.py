from __future__ import annotations

from pathlib import Path

from lab.folder import LabFolder, write_private
from lab.openbao_setup import INIT_FILE, storage


def test_the_storage_stays_where_it_is(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    first = storage(folder)
    write_private(folder.secret(INIT_FILE), "{}")
    assert storage(folder) == first


def test_after_an_initialisation_whose_outcome_was_lost_a_new_storage_is_begun_once(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    first = storage(folder)
    write_private(folder.openbao / "initialising", "")
    second = storage(folder)
    assert second != first
    assert storage(folder) == second


def test_a_storage_whose_root_token_is_stored_is_never_given_up(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    first = storage(folder)
    write_private(folder.secret(INIT_FILE), "{}")
    write_private(folder.openbao / "initialising", "")
    assert storage(folder) == first
