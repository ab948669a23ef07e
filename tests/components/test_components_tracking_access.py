"""Who may call the gate and MLflow, judged as the mesh judges it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from components.labels import selector
from components.mesh.tracking_access import (
    AUDIENCE,
    GATE,
    TrackingAccess,
    TrackingAccessArgs,
    people,
    request_authentication,
    workloads,
)
from config.access import MATRIX, Enforcer, Grant, Role
from tests.components.mesh_judge import ISSUER, PLATFORM, TEAM, lets_in, policies, requests_of
from tests.recorder import Recorder, run

FOUND = policies(MATRIX)
ROWS = {row.name: row for row in MATRIX.of(Enforcer.TRACKING_GATE)}
EVERY_REQUEST = [request for name in ROWS for request in requests_of(name)]
RUN = ("POST", "/api/2.0/mlflow/runs/create")


@cache
def recorded() -> Recorder:
    def program() -> None:
        args = TrackingAccessArgs(matrix=MATRIX, namespace=PLATFORM, issuer=ISSUER, clients=[TEAM])
        TrackingAccess("east-tracking-access", args)

    return run(program)


def declared(kind: str) -> list[dict[str, Any]]:
    return [one.inputs for one in recorded().kubernetes if one.inputs["kind"] == kind]


def test_the_token_is_the_realms_and_for_mlflow() -> None:
    (rule,) = request_authentication(ISSUER, PLATFORM)["spec"]["jwtRules"]
    assert rule["issuer"] == ISSUER
    assert rule["jwksUri"].startswith(f"{ISSUER}/")
    assert rule["audiences"] == [AUDIENCE]
    assert rule["forwardOriginalToken"] is True


def test_the_token_is_read_from_its_header_alone() -> None:
    """Istio takes it from a query too unless a place is named, and a query is written to logs."""
    (rule,) = request_authentication(ISSUER, PLATFORM)["spec"]["jwtRules"]
    assert not {"fromParams", "fromCookies"} & set(rule)


@pytest.mark.parametrize(
    "roles", [None, [], ["Admin"], ["ADMIN", "Viewer"], ["break-glass"], ["users-assign-roles"]]
)
def test_who_has_no_role_of_the_table_gets_nothing(roles: list[str] | None) -> None:
    claims = None if roles is None else {"roles": roles}
    assert not [one for one in EVERY_REQUEST if lets_in(FOUND, claims, one)]


def test_a_token_of_another_issuer_opens_nothing() -> None:
    claims = {"roles": [Role.ADMIN]}
    assert lets_in(FOUND, claims, RUN)
    for issuer in (f"{ISSUER}-2", "https://id.example.com/realms/other", "https://evil.example.com"):
        assert not lets_in(FOUND, claims, RUN, issuer)


def test_who_holds_several_roles_may_do_what_each_may_do() -> None:
    assert lets_in(FOUND, {"roles": [Role.LABELER, Role.ML_ENGINEER]}, RUN)
    assert not lets_in(FOUND, {"roles": [Role.LABELER, Role.VIEWER]}, RUN)


def test_administrators_and_nobody_else_reach_every_row() -> None:
    open_ = {role: all(lets_in(FOUND, {"roles": [role]}, one) for one in EVERY_REQUEST) for role in Role}
    assert {role for role, everything in open_.items() if everything} == {Role.ADMIN, Role.MLOPS_ENGINEER}


def test_a_row_that_nobody_holds_opens_nothing() -> None:
    row, matrix = ROWS["model-registry-approve"], MATRIX
    for role in Role:
        matrix = matrix.replaced(row, role, Grant.NO)
    assert "rules" not in people(matrix, row, ISSUER, PLATFORM)["spec"]
    alias = ("POST", "/api/2.0/mlflow/registered-models/alias")
    assert lets_in(policies(MATRIX), {"roles": [Role.ADMIN]}, alias)
    assert not lets_in(policies(matrix), {"roles": [Role.ADMIN]}, alias)


def test_a_row_of_another_application_has_no_paths_here() -> None:
    with pytest.raises(KeyError):
        people(MATRIX, MATRIX.permission("run", "pipeline"), ISSUER, PLATFORM)


def test_mlflow_itself_is_called_by_the_gate_and_by_workloads_under_their_own_identity() -> None:
    spec = workloads(PLATFORM, [TEAM])["spec"]
    assert spec["selector"]["matchLabels"] == selector("mlflow")
    (rule,) = spec["rules"]
    (source,) = [one["source"] for one in rule["from"]]
    assert source == {
        "principals": [
            f"cluster.local/ns/{PLATFORM.name}/sa/{GATE}",
            f"cluster.local/ns/{TEAM.name}/sa/workload",
        ]
    }


def test_without_clients_the_gate_alone_calls_mlflow() -> None:
    (rule,) = workloads(PLATFORM, [])["spec"]["rules"]
    (name,) = rule["from"][0]["source"]["principals"]
    assert name.endswith(f"/sa/{GATE}")


def test_every_policy_is_declared_once_with_the_tokens_that_it_needs() -> None:
    wanted = [*(people(MATRIX, row, ISSUER, PLATFORM) for row in ROWS.values()), workloads(PLATFORM, [TEAM])]
    assert sorted(declared("AuthorizationPolicy"), key=str) == sorted(wanted, key=str)
    assert declared("RequestAuthentication") == [request_authentication(ISSUER, PLATFORM)]
    assert recorded().misnamed() == []
