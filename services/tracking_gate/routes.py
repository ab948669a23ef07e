"""Every route of the pinned MLflow, and the permission that it needs. What is not here is refused.

`/ajax-api/` is the same interface as `/api/` under another name, so both are written once. `{name}` is one
segment, `{name...}` the rest of the path. Which experiments a request touches is told by its `Scope`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tracking_gate.permissions import APPROVE, DELETE, READ, REGISTER, REGISTRY_READ, RUN


class Kind(Enum):
    """How a request is held to the caller's own experiments when the caller may not read all of them."""

    FREE = "touches no experiment"
    CREATE = "makes an experiment, which becomes the caller's"
    NARROW = "is narrowed to the caller's experiments"
    IDS = "every id in path, query and body must be of an own experiment"
    LINEAGE = "as IDS, and a model's source must be one that its ids can be checked for"
    WHOLE = "cannot be narrowed, so only who may read every experiment may ask"


@dataclass(frozen=True)
class Scope:
    """`names`: of these ids at least one must be given; none named means that ids may be left out."""

    kind: Kind
    names: tuple[str, ...] = ()
    status: int = 403
    instead: str = ""


FREE, CREATE, NARROW, LINEAGE = Scope(Kind.FREE), Scope(Kind.CREATE), Scope(Kind.NARROW), Scope(Kind.LINEAGE)
OTLP = Scope(
    Kind.WHOLE,
    status=501,
    instead="REST OTLP span logging is not supported for callers who read own experiments only; "
    "log traces with MLflow's client, which then stores their spans as artifacts",
)
"""Spans name traces of any experiment inside a binary body. The first words make MLflow's client fall back."""
GRAPHQL = Scope(
    Kind.WHOLE, instead="GraphQL reads across experiments; use the REST API (runs/get, runs/search) instead"
)
TRACES_V2 = Scope(Kind.WHOLE, instead="search traces by POST /api/3.0/mlflow/traces/search instead")
DATASETS_BY_GET = Scope(Kind.WHOLE, instead="search data sets by POST on the same path instead")
"""MLflow takes a query with a mistake before the experiments' ids for one over all experiments; in a body the
gate puts the ids first."""
_V2, _V3, _FILES = "api/2.0/mlflow", "api/3.0/mlflow", "api/2.0/mlflow-artifacts"


def _ids(*names: str) -> Scope:
    return Scope(Kind.IDS, names)


_EXPERIMENT, _EXPERIMENTS, _RUN_ID = _ids("experiment_id"), _ids("experiment_ids"), _ids("run_id", "run_uuid")
_MODEL, _TRACE, _DATASET = _ids("model_id"), _ids("trace_id"), _ids("dataset_id")
_FILE = _ids("artifact_path")

TABLE: dict[str, tuple[tuple[str, str, Scope], ...]] = {
    RUN: (
        ("POST", f"{_V2}/experiments/create", CREATE),
        ("POST", f"{_V2}/experiments/update", _EXPERIMENT),
        ("POST", f"{_V2}/experiments/set-experiment-tag", _EXPERIMENT),
        ("POST", f"{_V2}/runs/create", _EXPERIMENT),
        *(
            ("POST", f"{_V2}/runs/{verb}", _RUN_ID)
            for verb in ("update", "log-batch", "log-inputs", "log-metric", "log-model", "log-parameter")
        ),
        ("POST", f"{_V2}/runs/outputs", _RUN_ID),
        ("POST", f"{_V2}/runs/set-tag", _RUN_ID),
        ("POST", f"{_V2}/upload-artifact", _ids("run_uuid")),
        ("POST", f"{_V2}/artifacts/presigned-upload-url", _ids("run_id", "model_id")),
        ("PUT", f"{_FILES}/artifacts/{{artifact_path...}}", _FILE),
        *(("POST", f"{_FILES}/mpu/{v}/{{artifact_path...}}", _FILE) for v in ("create", "complete", "abort")),
        ("POST", f"{_V2}/logged-models", _EXPERIMENT),
        ("PATCH", f"{_V2}/logged-models/{{model_id}}", _MODEL),
        ("POST", f"{_V2}/logged-models/{{model_id}}/params", _MODEL),
        ("PATCH", f"{_V2}/logged-models/{{model_id}}/tags", _MODEL),
        ("POST", f"{_V3}/traces", _EXPERIMENT),
        ("PATCH", f"{_V2}/traces/{{trace_id}}/tags", _TRACE),
        ("PATCH", f"{_V3}/traces/{{trace_id}}/tags", _TRACE),
        ("POST", f"{_V2}/traces/link-to-run", _ids("run_id")),
        ("POST", f"{_V2}/traces/link-prompts", _TRACE),
        ("POST", f"{_V3}/traces/{{trace_id}}/assessments", _TRACE),
        ("PATCH", f"{_V3}/traces/{{trace_id}}/assessments/{{assessment_id}}", _TRACE),
        ("POST", "v1/traces", OTLP),
        ("POST", f"{_V3}/datasets/create", _EXPERIMENTS),
        ("POST", f"{_V3}/datasets/{{dataset_id}}/records", _DATASET),
        ("PATCH", f"{_V3}/datasets/{{dataset_id}}/tags", _DATASET),
        ("POST", f"{_V3}/datasets/{{dataset_id}}/add-experiments", _DATASET),
        ("POST", f"{_V3}/datasets/{{dataset_id}}/remove-experiments", _DATASET),
    ),
    READ: (
        ("GET", f"{_V2}/experiments/get", _EXPERIMENT),
        ("GET", f"{_V2}/experiments/get-by-name", _ids("experiment_name")),
        ("GET", f"{_V2}/experiments/search", NARROW),
        ("POST", f"{_V2}/experiments/search", NARROW),
        ("POST", f"{_V2}/experiments/search-datasets", _EXPERIMENTS),
        ("GET", f"{_V2}/runs/get", _RUN_ID),
        ("POST", f"{_V2}/runs/search", _EXPERIMENTS),
        ("GET", f"{_V2}/metrics/get-history", _RUN_ID),
        ("GET", f"{_V2}/metrics/get-history-bulk", _ids("run_id")),
        ("GET", f"{_V2}/metrics/get-history-bulk-interval", _ids("run_ids")),
        ("GET", f"{_V2}/artifacts/list", _RUN_ID),
        ("POST", f"{_V2}/artifacts/presigned-download-url", _ids("run_id")),
        ("GET", f"{_FILES}/artifacts", _ids("path")),
        ("GET", f"{_FILES}/artifacts/{{artifact_path...}}", _FILE),
        ("GET", f"{_FILES}/presigned/{{artifact_path...}}", _FILE),
        ("GET", "get-artifact", _RUN_ID),
        ("GET", f"{_V2}/logged-models/{{model_id}}", _MODEL),
        ("GET", f"{_V2}/logged-models/{{model_id}}/artifacts/directories", _MODEL),
        ("GET", f"{_V2}/logged-models/{{model_id}}/artifacts/files", _MODEL),
        ("POST", f"{_V2}/logged-models/search", _EXPERIMENTS),
        ("GET", f"{_V2}/traces", TRACES_V2),
        ("GET", f"{_V2}/traces/{{trace_id}}/info", _TRACE),
        ("GET", f"{_V2}/get-trace-artifact", _ids("request_id")),
        ("GET", f"{_V3}/get-trace-artifact", _ids("request_id")),
        ("GET", f"{_V3}/traces/get", _TRACE),
        ("GET", f"{_V3}/traces/batchGet", _ids("trace_ids")),
        ("POST", f"{_V3}/traces/batchGetInfos", _ids("trace_ids")),
        ("POST", f"{_V3}/traces/search", _EXPERIMENT),
        ("POST", f"{_V3}/traces/metrics", _EXPERIMENTS),
        ("POST", f"{_V3}/traces/calculate-filter-correlation", _EXPERIMENTS),
        ("GET", f"{_V3}/traces/{{trace_id}}", _TRACE),
        ("GET", f"{_V3}/traces/{{trace_id}}/assessments/{{assessment_id}}", _TRACE),
        ("GET", f"{_V3}/datasets/search", DATASETS_BY_GET),
        ("POST", f"{_V3}/datasets/search", _EXPERIMENTS),
        ("GET", f"{_V3}/datasets/{{dataset_id}}", _DATASET),
        ("GET", f"{_V3}/datasets/{{dataset_id}}/experiment-ids", _DATASET),
        ("GET", f"{_V3}/datasets/{{dataset_id}}/records", _DATASET),
    ),
    DELETE: (
        *(("POST", f"{_V2}/experiments/{v}", _EXPERIMENT) for v in ("delete", "restore")),
        ("POST", f"{_V2}/experiments/delete-experiment-tag", _EXPERIMENT),
        *(("POST", f"{_V2}/runs/{v}", _RUN_ID) for v in ("delete", "restore", "delete-tag")),
        ("DELETE", f"{_FILES}/artifacts/{{artifact_path...}}", _FILE),
        ("DELETE", f"{_V2}/logged-models/{{model_id}}", _MODEL),
        ("DELETE", f"{_V2}/logged-models/{{model_id}}/tags/{{tag_key}}", _MODEL),
        ("POST", f"{_V2}/traces/delete-traces", _EXPERIMENT),
        ("POST", f"{_V3}/traces/delete-traces", _EXPERIMENT),
        ("DELETE", f"{_V2}/traces/{{trace_id}}/tags", _TRACE),
        ("DELETE", f"{_V3}/traces/{{trace_id}}/tags", _TRACE),
        ("DELETE", f"{_V3}/traces/{{trace_id}}/assessments/{{assessment_id}}", _TRACE),
        ("DELETE", f"{_V3}/datasets/{{dataset_id}}", _DATASET),
        ("DELETE", f"{_V3}/datasets/{{dataset_id}}/records", _DATASET),
        ("DELETE", f"{_V3}/datasets/{{dataset_id}}/tags/{{tag_key}}", _DATASET),
    ),
    REGISTER: (
        ("POST", f"{_V2}/model-versions/create", LINEAGE),
        *(
            (method, f"{_V2}/{what}/{verb}", FREE)
            for what in ("registered-models", "model-versions")
            for method, verb in (("PATCH", "update"), ("POST", "set-tag"), ("DELETE", "delete-tag"))
        ),
        ("POST", f"{_V2}/registered-models/create", FREE),
    ),
    # Renaming takes a name that consumers trust away from what was approved under it.
    APPROVE: (
        ("POST", f"{_V2}/registered-models/rename", FREE),
        ("POST", f"{_V2}/registered-models/alias", FREE),
        ("DELETE", f"{_V2}/registered-models/alias", FREE),
        ("POST", f"{_V2}/model-versions/transition-stage", FREE),
        ("DELETE", f"{_V2}/registered-models/delete", FREE),
        ("DELETE", f"{_V2}/model-versions/delete", FREE),
    ),
    REGISTRY_READ: (
        *(
            ("GET", f"{_V2}/registered-models/{verb}", FREE)
            for verb in ("get", "search", "alias", "get-latest-versions")
        ),
        ("POST", f"{_V2}/registered-models/get-latest-versions", FREE),
        *(("GET", f"{_V2}/model-versions/{v}", FREE) for v in ("get", "get-download-uri", "search")),
        ("GET", "model-versions/get-artifact", FREE),
    ),
}
PAGES = ("", "version", "health", "static-files/{path...}", f"{_V3}/server-info")
"""Hold no data: for whoever may read anything at all."""

_OTHER = "is not part of the platform's permission matrix"
DENIED: tuple[tuple[str, str], ...] = (
    (f"{_V2}/webhooks", "webhooks make the server call addresses that a user chooses"),
    (f"{_V2}/gateway-proxy", "model gateways are not offered"),
    (f"{_V3}/gateway", "model gateways and their keys are not offered"),
    ("gateway", "model gateways are not offered"),
    (f"{_V3}/assistant", "the assistant runs programs on the server"),
    (f"{_V3}/mcp-servers", f"the registry of MCP servers {_OTHER}"),
    ("api/3.0/jobs", "jobs run on the server and are switched off"),
    (f"{_V3}/jobs", "jobs run on the server and are switched off"),
    (f"{_V3}/scorers", "scorers are code that the server's jobs run"),
    (f"{_V3}/scorer", "scorers are code that the server's jobs run"),
    (f"{_V3}/genai", "evaluation on the server runs as a job"),
    (f"{_V3}/prompt-optimization", "prompt optimisation runs as a job"),
    (f"{_V3}/issues", "issues are found by the server's jobs"),
    (f"{_V3}/label-schemas", "labeling is done in the labeling service"),
    (f"{_V3}/review-queues", "labeling is done in the labeling service"),
    (f"{_V3}/workspaces", f"dividing the server into workspaces {_OTHER}"),
    (f"{_V3}/demo", "demonstration data belongs to nobody"),
    (f"{_V3}/ui-telemetry", "telemetry is off"),
    (f"{_V2}/runs/create-promptlab-run", "model gateways are not offered"),
    (f"{_V2}/unified-traces", "MLflow does not implement it"),
    (f"{_V2}/get-online-trace-details", "MLflow does not implement it"),
    (f"{_V2}/traces", "this way of writing traces is deprecated; use /api/3.0/mlflow/traces"),
    ("api/2.0mlflow", "MLflow does not implement it; use /api/2.0/mlflow/experiments/search-datasets"),
    ("graphql", "queries are sent by POST"),
    ("build", "the same files are below /static-files"),
)
"""Known and refused to everybody, each with all that is below it and not in `TABLE`."""

ANY_OF = (READ, REGISTRY_READ)
"""One of them opens `PAGES`; both are needed for what `ALL_OF` names."""
ALL_OF = ("POST", "graphql", GRAPHQL)
STREAMED = ("v1/traces", f"{_V2}/upload-artifact", f"{_FILES}/artifacts/{{artifact_path...}}")
"""Bodies that hold no parameters: passed on as they come (of any length) when sent by PUT or POST."""
