"""Every cell of the matrix that the gate answers for, yes and no, on a real MLflow."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from config.access import MATRIX, Cell, Enforcer, Grant, Role
from tests.services.people import API, Person, Stage, good, refused, unique

CELLS = [cell for cell in MATRIX.cells() if cell.enforcer is Enforcer.TRACKING_GATE]
Action = Callable[[Person, Person], httpx.Response]
"""What the first person does to what the second one has made."""


def run(person: Person, _other: Person) -> httpx.Response:
    made = person.post(f"{API}/experiments/create", name=unique("cell"))
    if made.status_code != 200:
        return made
    return person.post(f"{API}/runs/create", experiment_id=made.json()["experiment_id"])


def read(person: Person, other: Person) -> httpx.Response:
    return person.get(f"{API}/experiments/get", experiment_id=other.experiment())


def delete(person: Person, other: Person) -> httpx.Response:
    return person.post(f"{API}/experiments/delete", experiment_id=other.experiment())


def register(person: Person, _other: Person) -> httpx.Response:
    return person.post(f"{API}/registered-models/create", name=unique("cell"))


def approve(person: Person, other: Person) -> httpx.Response:
    name = other.model()
    good(other.post(f"{API}/model-versions/create", name=name, source="s3://elsewhere/model"))
    return person.post(f"{API}/registered-models/alias", name=name, alias="champion", version="1")


def registry_read(person: Person, other: Person) -> httpx.Response:
    return person.get(f"{API}/registered-models/get", name=other.model())


ACTIONS: dict[str, Action] = {
    "experiment-run": run,
    "experiment-read": read,
    "experiment-delete": delete,
    "model-registry-register": register,
    "model-registry-approve": approve,
    "model-registry-read": registry_read,
}


@pytest.fixture(scope="module")
def admin(stage: Stage) -> Person:
    return stage.person("admin-of-cells", Role.ADMIN)


def test_there_are_36_cells_and_an_action_for_each() -> None:
    assert len(CELLS) == 36
    assert {cell.permission.name for cell in CELLS} == set(ACTIONS)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.role}:{cell.permission.name}")
def test_the_cell_is_answered_as_the_matrix_says(stage: Stage, admin: Person, cell: Cell) -> None:
    person = stage.person(f"{cell.role}-of-cells", cell.role)
    act = ACTIONS[cell.permission.name]
    if cell.grant is Grant.NO:
        refused(act(person, admin))
    elif cell.grant is Grant.YES:
        good(act(person, admin))
    else:
        good(act(person, stage.person(person.subject, Role.ML_ENGINEER)))
        refused(act(person, admin))
        refused(act(person, stage.person("another-ml-engineer", Role.ML_ENGINEER)))
