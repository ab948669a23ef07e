"""The gate's table against the routes that the pinned MLflow really has."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from tracking_gate import matching, routes
from tracking_gate.errors import Refused
from tracking_gate.permissions import PERMISSIONS
from tracking_gate.routes import Kind

LIST = """
import json
from mlflow.server.fastapi_app import app
from mlflow.server import app as flask

def below(routes):
    for route in routes:
        if hasattr(route, "effective_candidates"):
            yield from below(route.effective_candidates())
        elif getattr(route, "methods", None):
            yield from ((method, route.path) for method in route.methods)
        else:
            assert type(route).__name__ == "Mount" and not route.path, route

found = set(below(app.routes)) | {(m, str(rule)) for rule in flask.url_map.iter_rules() for m in rule.methods}
print(json.dumps(sorted(found)))
"""
UNUSED = {"HEAD", "OPTIONS"}
"""Answered by the web framework for every route; the gate has no route for them."""


@pytest.fixture(scope="module")
def served(mlflow_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Method and path of every route of the pinned MLflow's server, names in brackets."""
    folder = tmp_path_factory.mktemp("routes")
    variables = {"HOME": str(folder), "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{folder / 'routes.db'}"}
    command = [str(mlflow_environment / "bin" / "python"), "-W", "ignore", "-c", LIST]
    done = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return [(method, path) for method, path in found if method not in UNUSED]


def sample(path: str) -> tuple[str, ...]:
    """A path of that route: `<path:name>` and `{name:path}` become two segments."""
    text = re.sub(r"<path:\w+>|\{\w+:path\}", "some/thing", path)
    return tuple(re.sub(r"<\w+>|\{\w+\}", "some-id", text).removeprefix("/").rstrip("/").split("/"))


def decided(method: str, segments: tuple[str, ...]) -> bool:
    """Whether the gate has a route for it, or refuses it by name."""
    here = () if segments == ("",) else segments
    parts = ("api", *here[1:]) if here[:1] == ("ajax-api",) else here
    try:
        matching.find(method, here)
    except Refused:
        return matching.refusal(parts) is not None
    return True


def test_every_route_of_the_pinned_mlflow_is_classified_or_refused_by_name(
    served: list[tuple[str, str]],
) -> None:
    assert len(served) > 400
    assert [(m, path) for m, path in served if not decided(m, sample(path))] == []


def test_every_route_of_the_table_is_one_of_the_pinned_mlflow(served: list[tuple[str, str]]) -> None:
    """A line that nothing matches any more would be a permission that nobody proves."""
    real = {(method, re.sub(r"[<{](path:)?\w+(:path)?[>}]", "*", path)) for method, path in served}
    twins = {(method, path.replace("/ajax-api/", "/api/", 1)) for method, path in real}
    wanted = [(r.method, "/" + re.sub(r"\{\w+(\.\.\.)?\}", "*", r.pattern)) for r in matching.declared()]
    assert [route for route in wanted if route not in twins] == []


def test_every_refusal_by_name_is_of_a_route_of_the_pinned_mlflow(served: list[tuple[str, str]]) -> None:
    refused = set()
    for method, path in served:
        parts = sample(path.replace("/ajax-api/", "/api/", 1))
        try:
            matching.find(method, () if parts == ("",) else parts)
        except Refused:
            refused.add(matching.refusal(parts))
    assert {why for _, why in routes.DENIED} <= refused


def test_no_route_stands_twice_in_the_table() -> None:
    counted = Counter((route.method, route.pattern) for route in matching.declared())
    assert [route for route, count in counted.items() if count > 1] == []


def test_every_permission_has_routes_and_there_are_no_others() -> None:
    assert set(routes.TABLE) == set(PERMISSIONS)
    assert all(routes.TABLE.values())


def test_every_route_of_an_experiments_permission_says_whose_experiment_it_is() -> None:
    experiments = [route for route in matching.declared() if route.permissions[0].startswith("experiment-")]
    free = [route for route in experiments if route.scope.kind is Kind.FREE and route.every]
    assert free == []
    unnamed = [route for route in experiments if route.scope.kind is Kind.IDS and not route.scope.names]
    assert unnamed == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/2.0/mlflow/runs/create"),
        ("HEAD", "api/2.0/mlflow/runs/get"),
        ("OPTIONS", "api/2.0/mlflow/runs/get"),
        ("TRACE", "version"),
        ("GET", "api/2.0/mlflow/runs/get/"),
        ("GET", "API/2.0/mlflow/runs/get"),
        ("GET", "api/4.0/mlflow/traces/x"),
        ("GET", "api/2.0/mlflow/runs/get/more"),
        ("GET", "ajax-api/version"),
        ("PUT", "api/2.0/mlflow-artifacts/artifacts"),
        ("GET", "metrics"),
        ("POST", "api/3.0/mlflow/gateway/secrets/create"),
    ],
)
def test_what_is_not_in_the_table_is_refused(method: str, path: str) -> None:
    with pytest.raises(Refused) as caught:
        matching.find(method, tuple(path.split("/")))
    assert (caught.value.status, caught.value.code) == (403, "PERMISSION_DENIED")


def test_a_name_in_a_pattern_is_one_segment_and_a_literal_one_goes_first() -> None:
    batch = matching.find("GET", ("api", "3.0", "mlflow", "traces", "batchGet"))
    assert (batch.route.scope.names, dict(batch.params)) == (("trace_ids",), {})
    one = matching.find("GET", ("api", "3.0", "mlflow", "traces", "batchget"))
    assert dict(one.params) == {"trace_id": "batchget"}
    rest = matching.find("GET", ("ajax-api", "2.0", "mlflow-artifacts", "artifacts", "1", "a b", "c"))
    assert dict(rest.params) == {"artifact_path": "1/a b/c"}
