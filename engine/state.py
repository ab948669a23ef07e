"""The state of one stack: an SQLite file that a killed process leaves consistent.

Before an action touches anything, a pending row says so; the transaction that writes the action's result
clears it. What is still pending at the next run was interrupted and is done again. Secrets are sealed
(engine.secrets); the file is 0600 and one process at a time may change it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final

import filelock

from engine.errors import PassphraseError, StackBusy, StateError
from engine.row import Row
from engine.rowcodec import decode, decode_properties, encode, encode_properties
from engine.secrets import Cipher, new_salt
from engine.values import Properties

_LAYOUT: Final = "1"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS resources (urn TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS pending (urn TEXT PRIMARY KEY, operation TEXT NOT NULL) STRICT;
"""


class State:
    """An open state. Usable from several threads; close it, or use it as a context."""

    def __init__(self, path: Path, passphrase: str, *, writable: bool = True) -> None:
        """Open the state at `path`, and make it if it is not there and may be written.

        Raises StackBusy if another process writes it, PassphraseError for a wrong passphrase and StateError
        for a file that is none of ours.
        """
        self.path = path
        self._mutex = threading.Lock()
        self._lock = filelock.FileLock(f"{path}.lock", timeout=0, mode=0o600, thread_local=False)
        self._writable = writable
        if writable:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._acquire()
        try:
            self._connection = self._connect()
            self._cipher = self._unlock(passphrase)
            self._rows = self._load()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> State:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        with self._mutex:
            self._connection.close()
        self._lock.release()

    def rows(self) -> dict[str, Row]:
        """All resources by URN, as they were written last."""
        with self._mutex:
            return dict(self._rows)

    def pending(self) -> dict[str, str]:
        """The operation that was begun and not finished, by URN."""
        with self._mutex:
            return dict(self._connection.execute("SELECT urn, operation FROM pending").fetchall())

    def outputs(self) -> Properties:
        """The stack's outputs of the last run; secrets are `Secret`s."""
        with self._mutex:
            found = self._connection.execute("SELECT value FROM meta WHERE key = 'outputs'").fetchone()
        return decode_properties(found[0], self._cipher, "outputs") if found else {}

    def begin(self, urn: str, operation: str) -> None:
        """Say what is about to be done to a resource. On disk when this returns."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO pending VALUES (?, ?)", (urn, operation))

    def put(self, row: Row, *, formerly: str = "", unfinished: bool = False) -> None:
        """Write a resource and clear what was pending for it.

        `formerly` is the URN it had before an alias; `unfinished` keeps it pending, for an object that exists
        and is not ready.
        """
        body = encode(row, self._cipher)
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO resources VALUES (?, ?)", (row.urn, body))
            if not unfinished:
                connection.execute("DELETE FROM pending WHERE urn = ?", (row.urn,))
            if formerly and formerly != row.urn:
                connection.execute("DELETE FROM resources WHERE urn = ?", (formerly,))
                connection.execute("DELETE FROM pending WHERE urn = ?", (formerly,))
                self._rows.pop(formerly, None)
            self._rows[row.urn] = row

    def forget(self, urn: str, *, then: str = "") -> None:
        """Remove a resource; `then` is the operation that is pending for its URN from now on."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM resources WHERE urn = ?", (urn,))
            connection.execute("DELETE FROM pending WHERE urn = ?", (urn,))
            if then:
                connection.execute("INSERT INTO pending VALUES (?, ?)", (urn, then))
            self._rows.pop(urn, None)

    def settle(self, urn: str) -> None:
        """Clear what was pending for a resource: nothing came of it."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM pending WHERE urn = ?", (urn,))

    def set_outputs(self, outputs: Properties) -> None:
        """Remember the stack's outputs."""
        with self._transaction() as connection:
            text = encode_properties(outputs, self._cipher, "outputs")
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('outputs', ?)", (text,))

    def _acquire(self) -> None:
        try:
            self._lock.acquire()
        except filelock.Timeout:
            raise StackBusy(
                f"{self.path}: another process works on this stack (lock {self.path}.lock); wait for it to end"
            ) from None

    def _connect(self) -> sqlite3.Connection:
        if not self._writable and not self.path.is_file():
            raise StateError(f"{self.path}: there is no state; run `up` first")
        try:
            if self._writable:
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            mode = "rw" if self._writable else "ro"
            connection = sqlite3.connect(
                f"file:{self.path}?mode={mode}", uri=True, check_same_thread=False, isolation_level=None
            )
            if self._writable:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(_SCHEMA)
            connection.execute("SELECT count(*) FROM meta")
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{self.path}: cannot be opened as a state: {error}") from error
        return connection

    def _unlock(self, passphrase: str) -> Cipher:
        meta: Mapping[str, str] = dict(self._connection.execute("SELECT key, value FROM meta").fetchall())
        if not meta:
            salt = new_salt()
            cipher = Cipher(passphrase, salt)
            with self._transaction() as connection:
                values = [("layout", _LAYOUT), ("salt", salt.hex()), ("probe", cipher.probe())]
                connection.executemany("INSERT INTO meta VALUES (?, ?)", values)
            return cipher
        if meta.get("layout") != _LAYOUT:
            raise StateError(f"{self.path}: has layout {meta.get('layout')}, this engine writes {_LAYOUT}")
        cipher = Cipher(passphrase, bytes.fromhex(meta["salt"]))
        if not cipher.verify(meta["probe"]):
            raise PassphraseError(
                f"{self.path}: wrong passphrase; give the one that the state was made with "
                "(PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE)"
            )
        return cipher

    def _load(self) -> dict[str, Row]:
        bodies = self._connection.execute("SELECT urn, body FROM resources").fetchall()
        try:
            return {urn: decode(urn, body, self._cipher) for urn, body in bodies}
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"{self.path}: a resource in it cannot be read: {error!r}") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise StateError(f"{self.path}: cannot be written: {error}") from error
