"""People who talk to MLflow through the gate."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.services.realm import Realm

_NUMBERS = itertools.count()
API = "/api/2.0/mlflow"
AJAX = "/ajax-api/2.0/mlflow"
API3 = "/api/3.0/mlflow"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where they meet: the gate's and MLflow's own address. `client` goes to the gate and brings no token."""

    realm: Realm
    address: str
    upstream: str
    client: httpx.Client
    log: Path
    pid: int
    """The gate's process."""

    def person(self, subject: str, *roles: str) -> Person:
        return Person(self, subject, roles)


@dataclass(frozen=True)
class Person:
    """Someone with a token of the realm."""

    stage: Stage
    subject: str
    roles: tuple[str, ...]

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """With a token of this moment."""
        headers = {"Authorization": f"Bearer {self.stage.realm.token(self.subject, *self.roles)}"}
        return self.stage.client.request(method, path, headers=headers | how.pop("headers", {}), **how)

    def get(self, path: str, /, **params: Any) -> httpx.Response:
        return self.ask("GET", path, params=params)

    def post(self, path: str, /, **body: Any) -> httpx.Response:
        return self.ask("POST", path, json=body)

    def experiment(self, **more: Any) -> str:
        """A new experiment of this person; its id."""
        made = self.post(f"{API}/experiments/create", name=unique("experiment"), **more)
        return str(good(made)["experiment_id"])

    def run(self, experiment: str) -> str:
        """A new run; its id."""
        return str(good(self.post(f"{API}/runs/create", experiment_id=experiment))["run"]["info"]["run_id"])

    def model(self) -> str:
        """A new registered model; its name."""
        name = unique("model")
        good(self.post(f"{API}/registered-models/create", name=name))
        return name

    def trace(self, experiment: str, name: str = "") -> str:
        """A new trace; its id."""
        trace_id = name or unique("tr")
        good(self.post(f"{API3}/traces", trace={"trace_info": trace_info(trace_id, experiment)}))
        return trace_id


def trace_info(trace_id: str, experiment: str, **more: Any) -> dict[str, Any]:
    return {
        "trace_id": trace_id,
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
        **more,
    }


def unique(what: str) -> str:
    return f"{what}-{next(_NUMBERS)}"


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def refused(answer: httpx.Response, status: int = 403, code: str = "PERMISSION_DENIED") -> str:
    """The message of a refusal of the gate."""
    found = answer.json()
    assert (answer.status_code, found.get("error_code")) == (status, code), answer.text
    return str(found["message"])
