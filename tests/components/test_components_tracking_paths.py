"""The mesh's table of paths beside the gate's: two servers that must mean the same by a row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tracking_gate import matching
from tracking_gate.errors import Refused

from components.mesh.tracking_paths import OPERATIONS
from config.access import MATRIX, Enforcer
from tests.components.mesh_judge import Request, operations_fit, requests_of, shared_requests

ROWS = [row.name for row in MATRIX.of(Enforcer.TRACKING_GATE)]
READS = {"experiment-read", "model-registry-read"}
TABLE = {row: [one.manifest() for one in operations] for row, operations in OPERATIONS.items()}


def rows_of(request: Request) -> set[str]:
    """The rows that the mesh lets this request in by."""
    return {row for row, operations in TABLE.items() if operations_fit(operations, request)}


def samples(row: str) -> Iterator[Request]:
    """A request for each method and pattern of the mesh's row."""
    for operation in OPERATIONS[row]:
        for method in operation.methods:
            for pattern in operation.paths:
                yield method, pattern.replace("{**}", "some/thing").replace("{*}", "some-id")


def test_there_is_a_list_for_each_row_of_the_table_and_for_nothing_else() -> None:
    assert set(OPERATIONS) == set(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_every_request_of_the_gates_row_is_of_the_meshs_row_and_of_no_other(row: str) -> None:
    asked = requests_of(row)
    assert asked
    assert {request: rows_of(request) for request in asked} == {request: {row} for request in asked}


def test_pages_and_the_query_over_everything_belong_to_both_rows_that_read() -> None:
    for request in shared_requests():
        assert rows_of(request) == READS, request


@pytest.mark.parametrize("row", ROWS)
def test_every_pattern_of_the_meshs_row_is_a_route_of_the_gate(row: str) -> None:
    """A pattern that the gate has no route for would be dead, or a hole the day the gate is passed by."""
    for method, path in samples(row):
        try:
            route = matching.find(method, () if path == "/" else tuple(path[1:].split("/"))).route
        except Refused as refused:
            pytest.fail(f"{method} {path}: {refused}")
        assert row in route.permissions, (method, path)


@pytest.mark.parametrize(
    "request_",
    [
        ("GET", "/api/2.0/mlflow/runs/create"),
        ("POST", "/api/2.0/mlflow/runs/create/"),
        ("POST", "/api/2.0/mlflow/webhooks"),
        ("POST", "/api/2.0/mlflow//runs/create"),
        ("GET", "/metrics"),
        ("GET", "/api/3.0/mlflow/scorers/list"),
        ("OPTIONS", "/"),
        ("GET", "/graphql"),
    ],
)
def test_what_is_in_no_row_is_let_in_by_none(request_: Request) -> None:
    assert rows_of(request_) == set()


def test_the_newer_interface_and_its_traces_are_not_forgotten() -> None:
    for row in ("experiment-run", "experiment-read", "experiment-delete"):
        paths = {path for _, path in samples(row)}
        assert any(path.startswith("/api/3.0/mlflow/traces") for path in paths)
