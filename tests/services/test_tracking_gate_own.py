"""`own` on a real MLflow: two ml-engineers who must not reach each other's experiments, by whatever way."""

from __future__ import annotations

import contextlib
import http.client
import urllib.parse
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from config.access import Role
from tests.services.people import AJAX, API, API3, Person, Stage, good, refused, trace_info, unique

FILES = "/api/2.0/mlflow-artifacts/artifacts"
ARTIFACT = b"weights"


@dataclass(frozen=True)
class Work:
    """An experiment with one of everything."""

    experiment: str
    name: str
    run: str
    trace: str
    model: str
    dataset: str


def work(person: Person) -> Work:
    name = unique("work")
    experiment = str(good(person.post(f"{API}/experiments/create", name=name))["experiment_id"])
    run = person.run(experiment)
    for key in ("accuracy", "loss"):
        good(person.post(f"{API}/runs/log-metric", run_id=run, key=key, value=0.5, timestamp=1, step=1))
    assert person.ask("PUT", f"{FILES}/{experiment}/{run}/artifacts/model.bin", content=ARTIFACT).is_success
    made = good(person.post(f"{API}/logged-models", experiment_id=experiment, name="model"))
    dataset = good(person.post(f"{API3}/datasets/create", name=unique("set"), experiment_ids=[experiment]))
    return Work(
        experiment=experiment,
        name=name,
        run=run,
        trace=person.trace(experiment),
        model=made["model"]["info"]["model_id"],
        dataset=dataset["dataset"]["dataset_id"],
    )


@pytest.fixture(scope="module")
def ada(stage: Stage) -> Person:
    return stage.person("ada", Role.ML_ENGINEER)


@pytest.fixture(scope="module")
def eve(stage: Stage) -> Person:
    return stage.person("eve", Role.ML_ENGINEER)


@pytest.fixture(scope="module")
def admin(stage: Stage) -> Person:
    return stage.person("root", Role.ADMIN)


@pytest.fixture(scope="module")
def theirs(ada: Person) -> Work:
    return work(ada)


@pytest.fixture(scope="module")
def mine(eve: Person) -> Work:
    return work(eve)


Request = tuple[str, str, dict[str, Any]]


def reads(of: Work) -> list[Request]:
    """Every way to read something of an experiment."""
    files = f"{of.experiment}/{of.run}/artifacts"
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": of.experiment}}]
    query = {"view_type": "TRACES", "metric_name": "trace_count"}
    return [
        ("GET", f"{API}/experiments/get", {"params": {"experiment_id": of.experiment}}),
        ("GET", f"{API}/experiments/get-by-name", {"params": {"experiment_name": of.name}}),
        ("POST", f"{AJAX}/experiments/search-datasets", {"json": {"experiment_ids": [of.experiment]}}),
        ("GET", f"{API}/runs/get", {"params": {"run_id": of.run}}),
        ("GET", f"{API}/runs/get", {"params": {"run_uuid": of.run}}),
        ("POST", f"{API}/runs/search", {"json": {"experiment_ids": [of.experiment]}}),
        ("GET", f"{API}/metrics/get-history", {"params": {"run_id": of.run, "metric_key": "loss"}}),
        ("GET", f"{AJAX}/metrics/get-history-bulk", {"params": {"run_id": [of.run], "metric_key": "loss"}}),
        (
            "GET",
            f"{API}/metrics/get-history-bulk-interval",
            {"params": {"run_ids": [of.run], "metric_key": "loss"}},
        ),
        ("GET", f"{API}/artifacts/list", {"params": {"run_id": of.run}}),
        ("GET", FILES, {"params": {"path": files}}),
        ("GET", f"{FILES}/{files}/model.bin", {}),
        ("GET", "/get-artifact", {"params": {"run_id": of.run, "path": "model.bin"}}),
        ("GET", "/get-artifact", {"params": {"run_uuid": of.run, "path": "model.bin"}}),
        ("GET", f"{API}/logged-models/{of.model}", {}),
        ("GET", f"{API}/logged-models/{of.model}/artifacts/directories", {}),
        ("POST", f"{API}/logged-models/search", {"json": {"experiment_ids": [of.experiment]}}),
        ("GET", f"{API3}/traces/{of.trace}", {}),
        ("GET", f"{API}/traces/{of.trace}/info", {}),
        ("POST", f"{API3}/traces/batchGetInfos", {"json": {"trace_ids": [of.trace]}}),
        ("POST", f"{API3}/traces/search", {"json": {"locations": places}}),
        (
            "POST",
            f"{API3}/traces/metrics",
            {
                "json": query
                | {"experiment_ids": [of.experiment], "aggregations": [{"aggregation_type": "COUNT"}]}
            },
        ),
        ("GET", f"{API3}/datasets/{of.dataset}", {}),
        ("GET", f"{API3}/datasets/{of.dataset}/records", {}),
        ("GET", f"{API3}/datasets/{of.dataset}/experiment-ids", {}),
        ("POST", f"{API3}/datasets/search", {"json": {"experiment_ids": [of.experiment]}}),
    ]


def writes(of: Work) -> list[Request]:
    """Every way to write into an experiment."""
    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
    assessment = {"assessment_name": "a", "source": {"source_type": "HUMAN"}, "feedback": {"value": 1}}
    files = f"{of.experiment}/{of.run}/artifacts"
    return [
        (
            "POST",
            f"{API}/experiments/update",
            {"json": {"experiment_id": of.experiment, "new_name": of.name}},
        ),
        (
            "POST",
            f"{API}/experiments/set-experiment-tag",
            {"json": {"experiment_id": of.experiment, "key": "k", "value": "v"}},
        ),
        ("POST", f"{API}/runs/create", {"json": {"experiment_id": of.experiment}}),
        ("POST", f"{API}/runs/update", {"json": {"run_id": of.run, "run_name": "renamed"}}),
        ("POST", f"{API}/runs/log-batch", {"json": {"run_id": of.run, "metrics": [metric]}}),
        ("POST", f"{API}/runs/log-metric", {"json": {"run_id": of.run, **metric}}),
        ("POST", f"{API}/runs/log-metric", {"json": {"runId": of.run, "run_id": of.run, **metric}}),
        ("POST", f"{API}/runs/log-parameter", {"json": {"run_id": of.run, "key": "p", "value": "v"}}),
        ("POST", f"{API}/runs/set-tag", {"json": {"run_uuid": of.run, "key": "k", "value": "v"}}),
        ("POST", f"{API}/runs/log-inputs", {"json": {"run_id": of.run, "models": []}}),
        ("POST", f"{API}/runs/outputs", {"json": {"run_id": of.run, "models": [{"model_id": of.model}]}}),
        ("PUT", f"{FILES}/{files}/other.bin", {"content": b"x"}),
        (
            "POST",
            f"{AJAX}/upload-artifact",
            {"params": {"run_uuid": of.run, "path": "up.bin"}, "content": b"x"},
        ),
        ("POST", f"{API}/logged-models", {"json": {"experiment_id": of.experiment, "name": "m"}}),
        ("POST", f"{API}/logged-models/{of.model}/params", {"json": {"model_id": of.model, "params": []}}),
        (
            "PATCH",
            f"{API}/logged-models/{of.model}/tags",
            {"json": {"tags": [{"key": "k", "value": "v"}]}},
        ),
        ("PATCH", f"{API3}/traces/{of.trace}/tags", {"json": {"key": "k", "value": "v"}}),
        ("PATCH", f"{API}/traces/{of.trace}/tags", {"json": {"key": "k", "value": "v"}}),
        ("POST", f"{API}/traces/link-to-run", {"json": {"run_id": of.run, "trace_ids": [of.trace]}}),
        ("POST", f"{API3}/traces/{of.trace}/assessments", {"json": {"assessment": assessment}}),
        ("PATCH", f"{API3}/datasets/{of.dataset}/tags", {"json": {"tags": "{}"}}),
    ]


def deletes(of: Work) -> list[Request]:
    """Every way to delete something of an experiment, in an order that works."""
    return [
        ("DELETE", f"{API3}/traces/{of.trace}/tags", {"json": {"key": "k"}}),
        ("POST", f"{API}/runs/delete-tag", {"json": {"run_id": of.run, "key": "k"}}),
        ("DELETE", f"{FILES}/{of.experiment}/{of.run}/artifacts/model.bin", {}),
        ("DELETE", f"{API3}/datasets/{of.dataset}", {}),
        (
            "POST",
            f"{API}/traces/delete-traces",
            {"json": {"experiment_id": of.experiment, "request_ids": [of.trace]}},
        ),
        ("DELETE", f"{API}/logged-models/{of.model}", {}),
        ("POST", f"{API}/runs/delete", {"json": {"run_id": of.run}}),
        ("POST", f"{API}/runs/restore", {"json": {"run_id": of.run}}),
        (
            "POST",
            f"{API}/experiments/delete-experiment-tag",
            {"json": {"experiment_id": of.experiment, "key": "k"}},
        ),
        ("POST", f"{API}/experiments/delete", {"json": {"experiment_id": of.experiment}}),
        ("POST", f"{API}/experiments/restore", {"json": {"experiment_id": of.experiment}}),
    ]


def by(person: Person, request: Request) -> httpx.Response:
    method, path, how = request
    return person.ask(method, path, **how)


COUNT_READS, COUNT_WRITES, COUNT_DELETES = 26, 21, 11


@pytest.mark.parametrize("number", range(COUNT_READS))
def test_reading_is_for_the_owner_and_for_who_may_read_all(
    ada: Person, eve: Person, admin: Person, theirs: Work, number: int
) -> None:
    assert len(reads(theirs)) == COUNT_READS
    request = reads(theirs)[number]
    refused(by(eve, request))
    assert by(ada, request).is_success, by(ada, request).text
    assert by(admin, request).is_success


@pytest.mark.parametrize("number", range(COUNT_WRITES))
def test_writing_is_for_the_owner_and_for_who_may_read_all(
    stage: Stage, ada: Person, eve: Person, admin: Person, theirs: Work, number: int
) -> None:
    assert len(writes(theirs)) == COUNT_WRITES
    request = writes(theirs)[number]
    refused(by(eve, request))
    refused(by(stage.person("vera", Role.VIEWER), request))
    one, another = by(ada, request), by(admin, request)
    if request[2].get("json", {}).get("runId"):
        assert (one.status_code, another.status_code) == (400, 400), "MLflow reads a field in one spelling"
    else:
        assert one.is_success, one.text
        assert another.is_success or "UNIQUE" in another.text, another.text


def test_deleting_is_for_the_owner_and_for_who_may_delete_all(
    stage: Stage, ada: Person, eve: Person, admin: Person
) -> None:
    for owner in (ada, admin):
        made = work(ada)
        assert len(deletes(made)) == COUNT_DELETES
        by(ada, ("PATCH", f"{API3}/traces/{made.trace}/tags", {"json": {"key": "k", "value": "v"}}))
        by(ada, ("POST", f"{API}/runs/set-tag", {"json": {"run_id": made.run, "key": "k", "value": "v"}}))
        tag = {"experiment_id": made.experiment, "key": "k", "value": "v"}
        by(ada, ("POST", f"{API}/experiments/set-experiment-tag", {"json": tag}))
        for request in deletes(made):
            refused(by(eve, request))
            refused(by(stage.person("vera", Role.VIEWER), request))
            answer = by(owner, request)
            assert answer.is_success, (request, answer.text)


def test_a_search_for_experiments_finds_the_callers_own_ones(
    ada: Person, eve: Person, admin: Person, theirs: Work, mine: Work
) -> None:
    every = {"max_results": 1000}
    searches: list[Request] = [
        ("GET", f"{API}/experiments/search", {"params": every}),
        ("POST", f"{API}/experiments/search", {"json": every}),
        ("POST", f"{AJAX}/experiments/search", {"json": every}),
        ("GET", f"{API}/experiments/search", {"params": {**every, "filter": f"name = '{mine.name}'"}}),
    ]
    for search in searches:
        found = {one["experiment_id"] for one in good(by(eve, search))["experiments"]}
        assert mine.experiment in found
        assert theirs.experiment not in found
        assert {"0"}.isdisjoint(found), "what was there before belongs to nobody"
    assert theirs.experiment in {one["experiment_id"] for one in good(by(admin, searches[0]))["experiments"]}


@pytest.mark.parametrize(
    "more",
    [
        {"filter": "name LIKE '%' OR name LIKE '%'"},
        {"filter": "name LIKE '%' -- "},
        {"filter": "OR name LIKE '%'"},
        {"filter": "IS NOT NULL"},
        {"filter": "x' OR '1'='1"},
        {"filter": "tags.`mlops.owner` = 'ada'"},
        {"filter": "tags.`mlops.owner` LIKE '%'"},
        {"filter": "; name LIKE '%'"},
        {"view_type": 999},
        {"view_type": "ALL", "max_results": "many"},
        {"order_by": "nothing"},
        {"page_token": "bm90aGluZw=="},
        {"filter": ["name LIKE '%'", "name = 'x'"]},
    ],
)
def test_no_search_for_experiments_finds_those_of_others(
    eve: Person, theirs: Work, mine: Work, more: dict[str, Any]
) -> None:
    for answer in (
        eve.ask("GET", f"{API}/experiments/search", params={"max_results": 1000, **more}),
        eve.ask("POST", f"{API}/experiments/search", json={"max_results": 1000, **more}),
        eve.ask("POST", f"{API}/experiments/search", json={**more, "max_results": 1000}),
    ):
        assert theirs.name not in answer.text
        found = answer.json().get("experiments", [])
        assert {tag["value"] for one in found for tag in one["tags"] if tag["key"] == "mlops.owner"} <= {
            "eve"
        }


def test_ids_hidden_beside_own_ones_are_found(eve: Person, theirs: Work, mine: Work) -> None:
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": theirs.experiment}}
    own = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": mine.experiment}}
    camel = {"type": "MLFLOW_EXPERIMENT", "mlflowExperiment": {"experimentId": theirs.experiment}}
    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 1}
    requests: list[Request] = [
        ("POST", f"{API}/runs/search", {"json": {"experiment_ids": [mine.experiment, theirs.experiment]}}),
        ("POST", f"{API}/runs/search", {"json": {"experimentIds": [theirs.experiment]}}),
        ("GET", f"{API3}/traces/batchGet", {"params": {"trace_ids": [mine.trace, theirs.trace]}}),
        ("GET", f"{API3}/traces/get", {"params": {"trace_id": theirs.trace}}),
        ("GET", f"{AJAX}/get-trace-artifact", {"params": {"request_id": theirs.trace}}),
        ("POST", f"{API3}/traces/search", {"json": {"locations": [own, place]}}),
        ("POST", f"{API3}/traces/search", {"json": {"locations": [own, camel]}}),
        ("GET", f"{API}/runs/get?run_id={mine.run}&run_id={theirs.run}", {}),
        ("GET", f"{API}/runs/get?run_id={mine.run}&run_uuid={theirs.run}", {}),
        ("GET", f"/get-artifact?run_id=&run_uuid={theirs.run}&path=model.bin", {}),
        ("GET", f"{AJAX}/metrics/get-history-bulk?run_id={mine.run}&run_id={theirs.run}&metric_key=loss", {}),
        (
            "POST",
            f"{API}/runs/log-metric",
            {"json": {**metric, "run_id": mine.run, "model_id": theirs.model}},
        ),
        (
            "POST",
            f"{API}/runs/log-batch",
            {"json": {"run_id": mine.run, "metrics": [{**metric, "modelId": theirs.model}]}},
        ),
        (
            "POST",
            f"{API}/runs/outputs",
            {"json": {"run_id": mine.run, "models": [{"model_id": theirs.model}]}},
        ),
        ("POST", f"{API}/traces/link-to-run", {"json": {"run_id": mine.run, "trace_ids": [theirs.trace]}}),
        (
            "POST",
            f"{API}/logged-models",
            {"json": {"experiment_id": mine.experiment, "source_run_id": theirs.run}},
        ),
        (
            "POST",
            f"{API3}/datasets/{mine.dataset}/add-experiments",
            {"json": {"experiment_ids": [theirs.experiment]}},
        ),
    ]
    for request in requests:
        refused(by(eve, request))


def test_ids_that_mlflow_would_not_read_do_not_count(eve: Person, mine: Work) -> None:
    """A search over everything must not pass because an own id stands where nobody looks."""
    requests: tuple[Request, ...] = (
        ("POST", f"{API}/runs/search?experiment_ids={mine.experiment}", {"json": {}}),
        ("POST", f"{API}/runs/search", {"json": {"experiment_ids": []}}),
        ("POST", f"{API3}/datasets/search?experiment_ids={mine.experiment}", {"json": {}}),
        ("POST", f"{API3}/datasets/search", {"json": {"experiment_id": mine.experiment}}),
        ("POST", f"{API3}/traces/search", {"json": {"locations": [{"type": "UC_SCHEMA"}]}}),
        ("GET", f"{API}/runs/get?runId={mine.run}", {}),
        ("GET", FILES, {}),
        ("GET", f"{FILES}?path=", {}),
    )
    for request in requests:
        refused(by(eve, request), 400, "INVALID_PARAMETER_VALUE")


def test_a_mistake_before_the_ids_does_not_widen_a_search(eve: Person, theirs: Work, mine: Work) -> None:
    wrong = {"max_results": {"not": "a number"}, "order_by": 5}
    answer = eve.post(f"{API3}/datasets/search", **wrong, experiment_ids=[mine.experiment])
    assert theirs.dataset not in answer.text
    for path in (f"{API3}/datasets/search", f"{API}/traces"):
        message = refused(eve.get(path, max_results="x", experiment_ids=[mine.experiment]))
        assert "POST" in message


def test_a_foreign_trace_cannot_be_taken_over(ada: Person, eve: Person, theirs: Work, mine: Work) -> None:
    """MLflow moves a trace whose id is logged again into the experiment that is named then."""
    refused(eve.post(f"{API3}/traces", trace={"trace_info": trace_info(theirs.trace, mine.experiment)}))
    place = good(ada.get(f"{API3}/traces/{theirs.trace}"))["trace"]["trace_info"]["trace_location"]
    assert place["mlflow_experiment"]["experiment_id"] == theirs.experiment


def test_a_trace_cannot_be_made_to_point_at_foreign_files(eve: Person, mine: Work, theirs: Work) -> None:
    place = f"mlflow-artifacts:/{theirs.experiment}/{theirs.run}/artifacts"
    for key in ("mlflow.artifactLocation", "mlflow.trace.archiveLocation"):
        refused(eve.ask("PATCH", f"{API3}/traces/{mine.trace}/tags", json={"key": key, "value": place}))
        info = trace_info(unique("tr"), mine.experiment, tags={key: place})
        refused(eve.post(f"{API3}/traces", trace={"trace_info": info}))


def test_a_foreign_runs_files_cannot_be_registered_as_a_model(
    eve: Person, admin: Person, theirs: Work, mine: Work
) -> None:
    name = eve.model()
    files = f"{theirs.experiment}/{theirs.run}/artifacts"
    for body in (
        {"source": f"runs:/{theirs.run}/model"},
        {"source": f"runs:/{theirs.run}/model", "run_id": theirs.run},
        {"source": f"mlflow-artifacts:/{files}"},
        {"source": f"mlflow-artifacts:/{mine.experiment}/{mine.run}/artifacts", "run_id": theirs.run},
        {"source": f"mlflow-artifacts:/{files}", "run_id": mine.run},
        {"source": f"models:/{theirs.model}"},
        {"source": f"models:/{theirs.model}", "model_id": theirs.model},
        {"source": f"models:/{mine.model}", "modelId": theirs.model},
        {"source": f"s3://bucket/{files}"},
        {"source": f"S3://bucket/{files}", "run_id": mine.run},
        {"source": f"file:///srv/{files}", "run_id": mine.run},
        {"source": "https://elsewhere.example/model"},
        {"source": f"mlflow-artifacts://host/{files}"},
    ):
        refused(eve.post(f"{API}/model-versions/create", name=name, **body))
    for source in (f"runs:/{mine.run}/../{theirs.run}", f"mlflow-artifacts:/{mine.experiment}%2F..", 5):
        answer = eve.post(f"{API}/model-versions/create", name=name, source=source, run_id=mine.run)
        refused(answer, 400, "INVALID_PARAMETER_VALUE")


def test_an_own_runs_files_can_be_registered_and_read_by_who_reads_the_registry(
    ada: Person, eve: Person, theirs: Work
) -> None:
    name, files = ada.model(), f"mlflow-artifacts:/{theirs.experiment}/{theirs.run}/artifacts"
    good(ada.post(f"{API}/model-versions/create", name=name, source=files, run_id=theirs.run))
    answer = eve.get("/model-versions/get-artifact", name=name, version="1", path="model.bin")
    assert answer.content == ARTIFACT


def test_an_experiment_cannot_be_made_over_foreign_files(eve: Person, admin: Person, theirs: Work) -> None:
    place = f"mlflow-artifacts:/{theirs.experiment}"
    for key in ("artifact_location", "artifactLocation"):
        refused(eve.post(f"{API}/experiments/create", name=unique("over"), **{key: place}))
    assert admin.post(f"{API}/experiments/create", name=unique("over"), artifact_location=place).is_success


def test_the_owner_is_written_by_the_gate_and_changed_by_nobody_with_less_than_all(
    ada: Person, eve: Person, admin: Person
) -> None:
    def owners(experiment: str) -> list[str]:
        found = good(admin.get(f"{API}/experiments/get", experiment_id=experiment))["experiment"]["tags"]
        return [tag["value"] for tag in found if tag["key"] == "mlops.owner"]

    experiment = eve.experiment(tags=[{"key": "team", "value": "x"}])
    assert owners(experiment) == ["eve"]
    assert owners(eve.experiment(tags=[{"key": "mlops.owner", "value": "eve"}])) == ["eve"]
    assert owners(admin.experiment()) == ["root"]
    for person in (eve, admin):
        for key in ("mlops.owner", "MLOPS.Owner", " mlops.owner"):
            tags = [{"key": key, "value": "ada"}]
            refused(person.post(f"{API}/experiments/create", name=unique("forged"), tags=tags))
    set_tag, delete_tag = f"{API}/experiments/set-experiment-tag", f"{API}/experiments/delete-experiment-tag"
    refused(eve.post(set_tag, experiment_id=experiment, key="mlops.owner", value="ada"))
    refused(eve.post(delete_tag, experiment_id=experiment, key="mlops.owner"))
    assert owners(experiment) == ["eve"]
    good(admin.post(set_tag, experiment_id=experiment, key="mlops.owner", value="ada"))
    assert good(ada.get(f"{API}/experiments/get", experiment_id=experiment))
    refused(eve.get(f"{API}/experiments/get", experiment_id=experiment))


def as_sent(stage: Stage, token: str, path: str) -> tuple[int, bytes]:
    """The answer to a path that no client has put in order."""
    with contextlib.closing(http.client.HTTPConnection(stage.address.removeprefix("http://"))) as connection:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    "path",
    [
        "{mine}/../{theirs}/model.bin",
        "{mine}/%2e%2e/{theirs}/model.bin",
        "{mine}%2f..%2f{theirs}/model.bin",
        "{mine}/..%2f{theirs}/model.bin",
        "{mine}/..%5c{theirs}/model.bin",
        "{mine}/%252e%252e/{theirs}/model.bin",
        "{mine}//{theirs}/model.bin",
        "./{theirs}/model.bin",
        "%2e/{theirs}/model.bin",
        "/{theirs}/model.bin",
        "{mine}/..;/{theirs}/model.bin/..",
        "{mine}/%00/../{theirs}",
        "{mine}/%c0%ae%c0%ae/{theirs}",
    ],
)
def test_no_spelling_of_a_path_leads_out_of_an_own_experiment(
    stage: Stage, eve: Person, theirs: Work, mine: Work, path: str
) -> None:
    text = path.format(mine=mine.experiment, theirs=f"{theirs.experiment}/{theirs.run}/artifacts")
    status, content = as_sent(stage, stage.realm.token("eve", Role.ML_ENGINEER), f"{FILES}/{text}")
    assert (status, b"error_code" in content) in {(400, True), (403, True)}, content
    assert ARTIFACT not in content
    for value in (text, urllib.parse.unquote(text)):
        folder = value.removesuffix("/model.bin")
        assert "model.bin" not in eve.get(FILES, path=folder).text


def test_what_cannot_be_narrowed_says_what_to_use_instead(eve: Person, admin: Person, mine: Work) -> None:
    text = "query q($id: String) {mlflowGetRun(input: {runId: $id}) {run {info {runId}}}}"
    query = {"query": text, "variables": {"id": mine.run}}
    assert "REST" in refused(eve.post("/graphql", **query))
    assert good(admin.post("/graphql", **query))["data"]["mlflowGetRun"]["run"]["info"]["runId"] == mine.run
    assert "log traces" in refused(eve.ask("POST", "/v1/traces", content=b""), 501, "NOT_IMPLEMENTED")
    many = [f"{number:032x}" for number in range(101)]
    assert "100" in refused(eve.get(f"{AJAX}/metrics/get-history-bulk", run_id=many, metric_key="loss"))


def test_what_does_not_exist_is_answered_as_mlflow_does(eve: Person) -> None:
    for path, params in (
        (f"{API}/experiments/get", {"experiment_id": "987654"}),
        (f"{API}/experiments/get-by-name", {"experiment_name": "nothing of the kind"}),
        (f"{API}/runs/get", {"run_id": "0" * 32}),
        (f"{API}/logged-models/m-{'0' * 32}", {}),
        (f"{API3}/traces/tr-nothing", {}),
    ):
        assert refused(eve.get(path, **params), 404, "RESOURCE_DOES_NOT_EXIST")


def test_several_roles_give_the_widest_grant(stage: Stage, theirs: Work) -> None:
    both = stage.person("eve", Role.ML_ENGINEER, Role.VIEWER)
    assert good(both.get(f"{API}/experiments/get", experiment_id=theirs.experiment))
    refused(stage.person("eve", Role.LABELER, "Admin", "unheard-of").get("/version"))
