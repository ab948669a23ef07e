"""What each server's part of the proof has in common."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from config.access import Enforcer, Permission, Role
from proof.cells import Record
from proof.people import People, Person


class Prover(Protocol):
    """Asks one enforcer. `ask` runs in a thread of its own for each person, between entering and leaving `ready`."""

    @property
    def enforcer(self) -> Enforcer: ...

    def ready(self, people: People) -> AbstractContextManager[None]:
        """Lay out what the questions are about; leaving takes it away again, and what the questions made."""
        ...

    def ask(self, person: Person, record: Record) -> None:
        """Ask about every row of the enforcer."""
        ...

    def gap(self, permission: Permission, role: Role | None) -> str:
        """Why this cell cannot be asked in full; empty if it can."""
        ...
