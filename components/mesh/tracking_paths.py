"""MLflow's interface by the row of the matrix that each request needs, in the mesh's own patterns.

Rows share no request, but for pages and queries that belong to no single one: whoever holds one row gets nothing
of another by it. `{*}` is one segment of a path, `{**}` the rest of it. The tracking gate has the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Methods on paths."""

    methods: tuple[str, ...]
    paths: tuple[str, ...]

    def manifest(self) -> dict[str, Any]:
        return {"operation": {"methods": list(self.methods), "paths": list(self.paths)}}


def _operation(method: str, *paths: str, root: str = "/{}/2.0/mlflow/") -> Operation:
    """The paths below one root, each with its twin that the web pages use."""
    return Operation(
        methods=(method,),
        paths=tuple(f"{root.format(api)}{path}" for api in ("api", "ajax-api") for path in paths),
    )


_V3, _FILES = "/{}/3.0/mlflow/", "/{}/2.0/mlflow-artifacts/"
_PAGES = (
    Operation(methods=("GET",), paths=("/", "/version", "/health", "/static-files/{**}")),
    _operation("GET", "server-info", root=_V3),
    Operation(methods=("POST",), paths=("/graphql",)),
)

OPERATIONS: Mapping[str, tuple[Operation, ...]] = {
    "experiment-run": (
        _operation(
            "POST",
            *(f"experiments/{verb}" for verb in ("create", "update", "set-experiment-tag")),
            *(f"runs/{verb}" for verb in ("create", "update", "log-batch", "log-inputs", "log-metric")),
            *(f"runs/{verb}" for verb in ("log-model", "log-parameter", "outputs", "set-tag")),
            *("upload-artifact", "artifacts/presigned-upload-url"),
            *("logged-models", "logged-models/{*}/params", "traces/link-to-run", "traces/link-prompts"),
        ),
        _operation("PATCH", "logged-models/{*}", "logged-models/{*}/tags", "traces/{*}/tags"),
        _operation("PUT", "artifacts/{**}", root=_FILES),
        _operation("POST", *(f"mpu/{verb}/{{**}}" for verb in ("create", "complete", "abort")), root=_FILES),
        _operation(
            "POST",
            *("traces", "traces/{*}/assessments", "datasets/create", "datasets/{*}/records"),
            *("datasets/{*}/add-experiments", "datasets/{*}/remove-experiments"),
            root=_V3,
        ),
        _operation("PATCH", "traces/{*}/tags", "traces/{*}/assessments/{*}", "datasets/{*}/tags", root=_V3),
        Operation(methods=("POST",), paths=("/v1/traces",)),
    ),
    "experiment-read": (
        *_PAGES,
        Operation(methods=("GET",), paths=("/get-artifact",)),
        _operation(
            "GET",
            *("experiments/get", "experiments/get-by-name", "experiments/search", "runs/get"),
            *(f"metrics/get-history{more}" for more in ("", "-bulk", "-bulk-interval")),
            *("artifacts/list", "logged-models/{*}", "logged-models/{*}/artifacts/directories"),
            *("logged-models/{*}/artifacts/files", "traces", "traces/{*}/info", "get-trace-artifact"),
        ),
        _operation(
            "POST",
            *("experiments/search", "experiments/search-datasets", "runs/search", "logged-models/search"),
            "artifacts/presigned-download-url",
        ),
        _operation("GET", "artifacts", "artifacts/{**}", "presigned/{**}", root=_FILES),
        _operation(
            "GET",
            *("get-trace-artifact", "traces/{*}", "traces/{*}/assessments/{*}"),
            *("datasets/search", "datasets/{*}", "datasets/{*}/experiment-ids", "datasets/{*}/records"),
            root=_V3,
        ),
        _operation(
            "POST",
            *("traces/batchGetInfos", "traces/search", "traces/metrics"),
            *("traces/calculate-filter-correlation", "datasets/search"),
            root=_V3,
        ),
    ),
    "experiment-delete": (
        _operation(
            "POST",
            *("experiments/delete", "experiments/restore", "experiments/delete-experiment-tag"),
            *("runs/delete", "runs/restore", "runs/delete-tag", "traces/delete-traces"),
        ),
        _operation("DELETE", "logged-models/{*}", "logged-models/{*}/tags/{*}", "traces/{*}/tags"),
        _operation("DELETE", "artifacts/{**}", root=_FILES),
        _operation("POST", "traces/delete-traces", root=_V3),
        _operation(
            "DELETE",
            *("traces/{*}/tags", "traces/{*}/assessments/{*}"),
            *("datasets/{*}", "datasets/{*}/records", "datasets/{*}/tags/{*}"),
            root=_V3,
        ),
    ),
    "model-registry-register": (
        _operation("POST", "registered-models/create", "model-versions/create"),
        _operation("PATCH", "registered-models/update", "model-versions/update"),
        _operation("POST", "registered-models/set-tag", "model-versions/set-tag"),
        _operation("DELETE", "registered-models/delete-tag", "model-versions/delete-tag"),
    ),
    "model-registry-approve": (
        _operation(
            "POST", "registered-models/rename", "registered-models/alias", "model-versions/transition-stage"
        ),
        _operation("DELETE", "registered-models/alias", "registered-models/delete", "model-versions/delete"),
    ),
    "model-registry-read": (
        *_PAGES,
        _operation(
            "GET",
            *(f"registered-models/{verb}" for verb in ("get", "search", "alias", "get-latest-versions")),
            *(f"model-versions/{verb}" for verb in ("get", "get-download-uri", "search")),
        ),
        _operation("POST", "registered-models/get-latest-versions"),
        Operation(methods=("GET",), paths=("/model-versions/get-artifact",)),
    ),
}
