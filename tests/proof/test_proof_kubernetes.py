from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from config.access import MATRIX, Enforcer, Grant, Role
from config.tenants import TenantPurpose
from proof.errors import Refused, Unexpected
from proof.kubernetes import QUESTIONS, KubernetesProver, known, may, reviews

TENANTS: dict[TenantPurpose, tuple[str, ...]] = {
    "platform": ("p",),
    "dev": ("d1", "d2"),
    "training": ("t",),
    "serving": ("s",),
}


def server(status: int, body: dict[str, Any]) -> tuple[httpx.Client, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body)

    return httpx.Client(base_url="https://api.test", transport=httpx.MockTransport(answer)), asked


def test_every_row_that_the_api_server_enforces_has_questions() -> None:
    assert list(QUESTIONS) == [row.name for row in MATRIX.of(Enforcer.KUBERNETES)]


@pytest.mark.parametrize("row", MATRIX.of(Enforcer.KUBERNETES), ids=str)
def test_a_row_is_asked_for_in_every_namespace_of_its_purpose(row: Any) -> None:
    purpose, wanted = QUESTIONS[row.name]
    asked = [attributes for _, attributes in reviews(row, TENANTS)]
    assert {one["namespace"] for one in asked} == set(TENANTS[purpose])
    assert len(asked) == len(TENANTS[purpose]) * sum(len(verbs) for _, _, verbs in wanted)
    assert all(one["verb"] != "*" and one["resource"] != "*" for one in asked)


def test_a_part_of_a_resource_is_asked_for_as_such() -> None:
    row = MATRIX.permission("roll back", "deployment")
    first = next(attributes for _, attributes in reviews(row, TENANTS))
    assert (first["resource"], first["subresource"]) == ("rollouts", "status")


def test_two_rows_ask_no_question_twice() -> None:
    asked = [
        json.dumps(attributes, sort_keys=True)
        for row in MATRIX.of(Enforcer.KUBERNETES)
        for _, attributes in reviews(row, TENANTS)
    ]
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize("allowed", [True, False])
def test_the_servers_own_word_counts(allowed: bool) -> None:
    api, asked = server(201, {"status": {"allowed": allowed}})
    assert may(api, {"Authorization": "Bearer t"}, {"verb": "get"}) is allowed
    assert asked[0].headers["Authorization"] == "Bearer t"
    assert json.loads(asked[0].content) == {"spec": {"resourceAttributes": {"verb": "get"}}}


def test_a_token_that_is_refused_is_no_answer() -> None:
    api, _ = server(401, {})
    with pytest.raises(Refused):
        may(api, {}, {})
    with pytest.raises(Refused):
        known(api, {})


def test_a_server_in_trouble_is_no_answer() -> None:
    api, _ = server(500, {})
    with pytest.raises(Unexpected):
        may(api, {}, {})


def test_only_reads_of_own_environments_are_a_gap() -> None:
    prover = KubernetesProver.__new__(KubernetesProver)
    gaps = [
        (cell.permission, cell.role)
        for cell in MATRIX.cells()
        if cell.enforcer is Enforcer.KUBERNETES and prover.gap(cell.permission, cell.role)
    ]
    assert gaps == [(MATRIX.permission("read", "dev environment"), Role.ML_ENGINEER)]
    assert MATRIX.grant(*gaps[0]) is Grant.OWN
