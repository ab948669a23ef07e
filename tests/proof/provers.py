"""People and provers of memory: each prover answers what a matrix says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from config.access import MATRIX, Enforcer, Grant, Matrix, Permission, Role
from proof.cells import Record, Scope
from proof.login import Session
from proof.people import People, Person
from tests.proof.keycloak_pages import Pages


def everybody(pages: Pages) -> People:
    def person(name: str, role: Role | None) -> Person:
        session = Session(pages.realm, name, "", pages.transport())
        return Person(name=name, subject=f"subject-of-{name}", role=role, session=session)

    return People(
        by_role={role: person(role.value, role) for role in Role},
        nobody=person("nobody", None),
        second=person("second", Role.ML_ENGINEER),
    )


class Faithful:
    """Answers as `matrix` says; `left` tells whether it was tidied up after."""

    def __init__(self, enforcer: Enforcer, matrix: Matrix = MATRIX) -> None:
        self._enforcer, self._matrix = enforcer, matrix
        self.left = False

    @property
    def enforcer(self) -> Enforcer:
        return self._enforcer

    @contextmanager
    def ready(self, people: People) -> Iterator[None]:
        try:
            yield
        finally:
            self.left = True

    def ask(self, person: Person, record: Record) -> None:
        for row in MATRIX.of(self.enforcer):
            grant = self._matrix.grant(row, person.role) if person.role else Grant.NO
            for scope in Scope:
                allowed = grant is Grant.YES or (scope is Scope.MINE and grant is not Grant.NO)
                record.ask(row, scope, f"{scope.value} {row}", partial(bool, allowed))

    def gap(self, permission: Permission, role: Role | None) -> str:
        return ""
