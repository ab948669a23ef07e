"""The state file: what it keeps, what it hides and how it fails."""

from __future__ import annotations

import dataclasses
import sqlite3
from pathlib import Path

import pytest

from engine.errors import PassphraseError, StateError
from engine.goal import Options, Timeouts
from engine.row import Row
from engine.state import State
from engine.values import Secret

ROW = Row(
    urn="urn:pulumi:dev::demo::kubernetes:core/v1:ConfigMap::one",
    type="kubernetes:core/v1:ConfigMap",
    custom=True,
    id="ns/one",
    parent="urn:parent",
    provider="urn:provider",
    cluster="east",
    inputs={"data": {"a": Secret({"deep": ["sesame"]}), "b": 1}, "empty": Secret("")},
    outputs={"data": Secret("sesame-open"), "list": [Secret("street"), "x"], "none": None},
    dependencies=("urn:a", "urn:b"),
    property_dependencies={"data": ("urn:a",)},
    options=Options(protect=True, ignore_changes=("a", "b"), timeouts=Timeouts(create=3.5)),
)


def _open(tmp_path: Path, passphrase: str = "right", *, writable: bool = True) -> State:
    return State(tmp_path / "state.db", passphrase, writable=writable)


def test_rows_and_outputs_come_back_as_they_were_written(tmp_path: Path) -> None:
    with _open(tmp_path) as state:
        state.begin(ROW.urn, "create")
        assert state.pending() == {ROW.urn: "create"}
        state.put(ROW)
        state.set_outputs({"password": Secret("sesame"), "open": 1})
    with _open(tmp_path) as state:
        assert state.rows() == {ROW.urn: ROW}
        assert state.pending() == {}
        assert state.outputs() == {"password": Secret("sesame"), "open": 1}


def test_secrets_are_sealed_and_the_file_is_private(tmp_path: Path) -> None:
    with _open(tmp_path) as state:
        state.put(ROW)
        stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    for text in (b"sesame", b"street"):
        assert text not in stored
    assert b"kubernetes:core/v1:ConfigMap" in stored
    assert set(modes.values()) == {0o600}


def test_a_secret_moved_to_another_resource_is_not_opened(tmp_path: Path) -> None:
    with _open(tmp_path) as state:
        state.put(ROW)
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("UPDATE resources SET urn = urn || '-two'")
    connection.close()
    with pytest.raises(PassphraseError, match="cannot be opened"):
        _open(tmp_path)


def test_an_alias_moves_a_row_in_one_step(tmp_path: Path) -> None:
    with _open(tmp_path) as state:
        state.put(ROW)
        state.begin(ROW.urn, "update")
        moved = dataclasses.replace(ROW, urn=f"{ROW.urn}-new")
        state.put(moved, formerly=ROW.urn)
        assert state.pending() == {}
    with _open(tmp_path) as state:
        assert list(state.rows()) == [moved.urn]


def test_an_unfinished_resource_stays_pending(tmp_path: Path) -> None:
    with _open(tmp_path) as state:
        state.begin(ROW.urn, "create")
        state.put(ROW, unfinished=True)
        assert state.pending() == {ROW.urn: "create"}
        state.forget(ROW.urn, then="create")
        assert state.rows() == {}
        assert state.pending() == {ROW.urn: "create"}
        state.settle(ROW.urn)
        assert state.pending() == {}


def test_a_wrong_passphrase_is_told_before_anything_is_read(tmp_path: Path) -> None:
    _open(tmp_path).close()
    with pytest.raises(PassphraseError, match="wrong passphrase"):
        _open(tmp_path, "wrong")
    _open(tmp_path).close()


def test_reading_takes_no_lock_and_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no state"):
        _open(tmp_path, writable=False)
    assert not (tmp_path / "state.db").exists()
    with _open(tmp_path) as state:
        state.put(ROW)
        with _open(tmp_path, writable=False) as reader:
            assert reader.rows() == {ROW.urn: ROW}
            with pytest.raises(StateError, match="cannot be written"):
                reader.begin(ROW.urn, "update")


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 2000])
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.db").write_bytes(content)
    with pytest.raises(StateError, match="cannot be opened as a state"):
        _open(tmp_path)


def test_a_state_of_another_layout_is_refused(tmp_path: Path) -> None:
    _open(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'layout'")
    connection.close()
    with pytest.raises(StateError, match="has layout 99, this engine writes 1"):
        _open(tmp_path)


def test_a_row_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    _open(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("INSERT INTO resources VALUES ('u', '{}')")
    connection.close()
    with pytest.raises(StateError, match="a resource in it cannot be read"):
        _open(tmp_path)
