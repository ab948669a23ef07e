from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from config.access import MATRIX, Cell, Enforcer, Grant, Matrix, Role
from lab.progress import SilentProgress
from proof.cells import Answer, Record, Scope
from proof.errors import LoginFailed, Unexpected
from proof.people import People, Person
from proof.prove import ABSENT, ask, ended_as_by_the_user
from tests.proof.keycloak_pages import Pages
from tests.proof.provers import Faithful, everybody

ASKED = [enforcer for enforcer in Enforcer if enforcer not in ABSENT]


def answers(pages: Pages, *others: Faithful, matrix: Matrix = MATRIX) -> list[Answer]:
    replaced = {prover.enforcer: prover for prover in others}
    provers = [replaced.get(enforcer) or Faithful(enforcer, matrix) for enforcer in ASKED]
    return ask(MATRIX, provers, everybody(pages), SilentProgress())


def test_every_cell_is_answered_once_and_every_row_once_more_for_nobody(pages: Pages) -> None:
    found = answers(pages)
    cells = [(one.permission, one.role) for one in found if one.role]
    assert len(cells) == len(set(cells)) == 138
    assert cells == [(cell.permission, cell.role) for cell in MATRIX.cells()]
    assert [one.permission for one in found if one.role is None] == list(MATRIX.grants)
    assert [one for one in found if one.failed] == []


def test_only_what_nobody_can_be_asked_is_uncovered(pages: Pages) -> None:
    uncovered = {one.permission.resource for one in answers(pages) if not one.covered}
    assert uncovered == {"labeling"}


@pytest.mark.parametrize("cell", [c for c in MATRIX.cells() if c.enforcer in ASKED], ids=str)
def test_a_server_that_answers_one_cell_otherwise_fails_that_cell_alone(pages: Pages, cell: Cell) -> None:
    other = Grant.YES if cell.grant is not Grant.YES else Grant.NO
    found = answers(pages, matrix=MATRIX.replaced(cell.permission, cell.role, other))
    assert [(one.permission, one.role, one.answered) for one in found if one.failed] == [
        (cell.permission, cell.role, other)
    ]


def test_what_somebody_without_a_role_gets_is_a_failure(pages: Pages) -> None:
    class Generous(Faithful):
        def ask(self, person: Person, record: Record) -> None:
            guest = person.role is None
            super().ask(everybody(pages).by_role[Role.VIEWER] if guest else person, record)

    failed = [one.name for one in answers(pages, Generous(Enforcer.OBJECT_STORE)) if one.failed]
    assert failed == ["data: read (no role)"]


def test_a_person_who_cannot_log_in_fails_that_persons_cells_alone(pages: Pages) -> None:
    class Locked(Faithful):
        def ask(self, person: Person, record: Record) -> None:
            if person.role is Role.LABELER:
                raise LoginFailed("locked out")
            super().ask(person, record)

    failed = [one for one in answers(pages, Locked(Enforcer.VAULT)) if one.failed]
    assert {(one.role, one.enforcer) for one in failed} == {(Role.LABELER, Enforcer.VAULT)}
    assert {one.detail for one in failed} == {"asking: locked out"}


def test_a_server_that_cannot_be_prepared_fails_its_own_cells_alone(pages: Pages) -> None:
    class Gone(Faithful):
        @contextmanager
        def ready(self, people: People) -> Iterator[None]:
            raise Unexpected("gone")
            yield

    failed = [one for one in answers(pages, Gone(Enforcer.KEYCLOAK)) if one.failed]
    assert {one.enforcer for one in failed} == {Enforcer.KEYCLOAK}
    assert len(failed) == 2 * 7


def test_what_was_laid_out_is_taken_away_though_asking_broke(pages: Pages) -> None:
    class Broken(Faithful):
        def ask(self, person: Person, record: Record) -> None:
            raise Unexpected("broken")

    broken = Broken(Enforcer.VAULT)
    answers(pages, broken)
    assert broken.left


def test_an_interrupt_ends_the_asking_everywhere_and_everything_is_taken_away(pages: Pages) -> None:
    begun = threading.Event()

    class Endless(Faithful):
        def ask(self, person: Person, record: Record) -> None:
            row = MATRIX.of(self.enforcer)[0]
            for number in itertools.count():
                record.ask(row, Scope.OTHERS, str(number), lambda: False)
                begun.set()

    class Interrupted(Faithful):
        @contextmanager
        def ready(self, people: People) -> Iterator[None]:
            assert begun.wait(30)
            raise KeyboardInterrupt
            yield

    endless = Endless(Enforcer.VAULT)
    with pytest.raises(KeyboardInterrupt):
        answers(pages, endless, Interrupted(Enforcer.KEYCLOAK))
    assert endless.left


def test_sigterm_unwinds_as_an_interrupt_by_the_user_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ended_as_by_the_user():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_signals_are_left_alone() -> None:
    seen: list[object] = []

    def look() -> None:
        with ended_as_by_the_user():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
