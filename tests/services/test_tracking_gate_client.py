"""MLflow's own client through the gate, as people use it: nothing but an address and a token in its settings."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from config.access import Role
from tests.services.people import API, Person, Stage, good

WORK = """
import json, os, sys
import mlflow, numpy, sklearn.linear_model
from mlflow import MlflowClient

told = {}
name = sys.argv[1]
told["experiment"] = mlflow.set_experiment(name).experiment_id
assert mlflow.set_experiment(name).experiment_id == told["experiment"]
open("notes.txt", "w").write("hello")
with mlflow.start_run(run_name="first") as run:
    told["run"] = run.info.run_id
    mlflow.log_params({"a": 1, "b": "x"})
    mlflow.log_metrics({"loss": 0.5}, step=1)
    mlflow.log_metric("loss", float("nan"), step=2)
    mlflow.set_tag("team", "one")
    mlflow.log_artifact("notes.txt", "notes")
    model = sklearn.linear_model.LinearRegression().fit(numpy.array([[0.0], [1.0]]), [0.0, 1.0])
    logged = mlflow.sklearn.log_model(model, name="model", registered_model_name=name, pip_requirements=["x"])
    with mlflow.start_run(nested=True):
        mlflow.log_metric("inner", 1)

@mlflow.trace
def answer(question):
    return "42"

answer("why")
mlflow.flush_trace_async_logging()
client = MlflowClient()
told["notes"] = open(mlflow.artifacts.download_artifacts(run_id=told["run"], artifact_path="notes/notes.txt")).read()
told["runs"] = len(mlflow.search_runs([told["experiment"]]))
told["found"] = [one.name for one in mlflow.search_experiments()]
told["history"] = len(client.get_metric_history(told["run"], "loss"))
told["predicted"] = mlflow.pyfunc.load_model(f"models:/{name}/1").predict(numpy.array([[3.0]])).tolist()
traces = mlflow.search_traces(locations=[told["experiment"]], return_type="list")
told["traces"] = [json.loads(one.data.response) for one in traces]
told["models"] = [one.name for one in mlflow.search_logged_models([told["experiment"]], output_format="list")]
client.delete_run(told["run"])
client.restore_run(told["run"])
print(json.dumps(told))
"""
REFUSED = """
import json, sys
import mlflow
from mlflow.exceptions import MlflowException

told = []
for attempt in (
    lambda: mlflow.get_run(sys.argv[1]),
    lambda: mlflow.start_run(run_id=sys.argv[1]),
    lambda: mlflow.MlflowClient().set_registered_model_alias(sys.argv[2], "champion", "1"),
    lambda: mlflow.set_experiment(sys.argv[2]),
):
    try:
        attempt()
        told.append(None)
    except MlflowException as error:
        told.append([error.error_code, str(error)])
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def ada(stage: Stage) -> Person:
    return stage.person("ada-of-clients", Role.ML_ENGINEER)


def client(environment: Path, person: Person, folder: Path, script: str, *arguments: str) -> Any:
    """What the script prints, run with MLflow's client and this person's token."""
    variables = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "HOME": str(folder),
        "MLFLOW_TRACKING_URI": person.stage.address,
        "MLFLOW_TRACKING_TOKEN": person.stage.realm.token(person.subject, *person.roles),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    command = [str(environment / "bin" / "python"), "-W", "ignore", "-c", script, *arguments]
    done = subprocess.run(
        command, env=variables, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def told(mlflow_environment: Path, ada: Person, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found = client(mlflow_environment, ada, tmp_path_factory.mktemp("client"), WORK, "client-work")
    assert isinstance(found, dict)
    return found


def test_an_ml_engineer_works_with_the_client_in_an_own_experiment(told: dict[str, Any]) -> None:
    assert (told["notes"], told["runs"], told["history"]) == ("hello", 2, 2)
    assert told["found"] == ["client-work"], "the search shows what is the caller's and nothing else"
    assert told["predicted"] == [pytest.approx(3.0)]
    assert told["models"] == ["model"]


def test_traces_of_the_client_arrive_with_their_spans(told: dict[str, Any]) -> None:
    """The client's first way to send spans is refused to who reads own experiments only; it has a second."""
    assert told["traces"] == ["42"]


def test_the_client_shows_why_something_is_refused(
    stage: Stage, mlflow_environment: Path, told: dict[str, Any], tmp_path: Path
) -> None:
    eve = stage.person("eve-of-clients", Role.ML_ENGINEER)
    found = client(mlflow_environment, eve, tmp_path, REFUSED, told["run"], "client-work")
    assert [one[0] for one in found] == ["PERMISSION_DENIED"] * 4
    assert "is not yours" in found[0][1]
    assert "model-registry-approve" in found[2][1]


def test_an_mlops_engineer_works_with_the_client_on_what_others_made(
    stage: Stage, mlflow_environment: Path, told: dict[str, Any], tmp_path: Path
) -> None:
    script = """
import json, sys, mlflow
client = mlflow.MlflowClient()
client.set_registered_model_alias("client-work", "champion", "1")
found = client.get_model_version_by_alias("client-work", "champion")
mlflow.set_experiment(experiment_id=sys.argv[2])
with mlflow.start_run(run_id=sys.argv[1]):
    mlflow.set_tag("seen", "yes")
    with mlflow.start_span("by hand"):
        pass
mlflow.flush_trace_async_logging()
traces = mlflow.search_traces(locations=[sys.argv[2]], return_type="list")
print(json.dumps([found.version, sorted(len(one.data.spans) for one in traces)]))
"""
    mona = stage.person("mona", Role.MLOPS_ENGINEER)
    arguments = (told["run"], told["experiment"])
    assert client(mlflow_environment, mona, tmp_path, script, *arguments) == ["1", [1, 1]]
    tags = good(mona.get(f"{API}/runs/get", run_id=told["run"]))["run"]["data"]["tags"]
    assert {"key": "seen", "value": "yes"} in tags
