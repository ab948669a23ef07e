from __future__ import annotations

import itertools
import json
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from proof import tracking
from proof.directory import PREFIX
from proof.people import People
from proof.servers import Servers
from proof.tracking import TrackingProver
from tests.proof.keycloak_pages import Pages
from tests.proof.provers import everybody

CLUSTERS = {"east": "https://east.test", "west": "https://west.test"}


class Mlflow:
    """One database behind all gates: experiments by id with their names, and models."""

    def __init__(self) -> None:
        self.experiments = {"1": "proof-of-concept"}
        self.models = {"proof-of-concept"}
        self._ids = map(str, itertools.count(2))

    def answer(self, request: httpx.Request) -> httpx.Response:
        told = json.loads(request.content) if request.content else {}
        match request.url.path.removeprefix("/api/2.0/mlflow/"):
            case "experiments/create":
                made = next(self._ids)
                self.experiments[made] = told["name"]
                return httpx.Response(200, json={"experiment_id": made})
            case "experiments/delete":
                del self.experiments[told["experiment_id"]]
            case "experiments/search":
                found = [{"experiment_id": one} for one in self._named(self.experiments)]
                return httpx.Response(200, json={"experiments": found})
            case "runs/create":
                return httpx.Response(200, json={"run": {"info": {"run_id": next(self._ids)}}})
            case "registered-models/create":
                self.models.add(told["name"])
            case "registered-models/delete":
                self.models.remove(told["name"])
            case "registered-models/search":
                found = [{"name": one} for one in self.models if one.startswith(PREFIX)]
                return httpx.Response(200, json={"registered_models": found})
        return httpx.Response(200, json={})

    def _named(self, kept: dict[str, str]) -> list[str]:
        return [one for one, name in kept.items() if name.startswith(PREFIX)]


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> Mlflow:
    shared = Mlflow()

    def connect(gate: str, _servers: Servers) -> httpx.Client:
        return httpx.Client(base_url=gate, transport=httpx.MockTransport(shared.answer))

    monkeypatch.setattr(tracking, "connect", connect)
    return shared


@pytest.fixture
def people(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr("proof.people.Person.token", lambda *_: SimpleNamespace(header={}))
    return everybody(pages)


def prover(**gates: str) -> TrackingProver:
    return TrackingProver(cast(Servers, SimpleNamespace(clusters=CLUSTERS, gates=gates)))


def test_what_is_laid_out_for_one_cluster_stays_while_the_next_is_prepared(
    mlflow: Mlflow, people: People
) -> None:
    """Gates of two clusters may stand before the same database."""
    asked: Any = prover(**CLUSTERS)
    with asked.ready(people):
        for there in asked._clusters.values():
            assert there.experiment in mlflow.experiments
            assert there.model in mlflow.models
        assert len(asked._clusters) == 2


def test_afterwards_only_what_is_not_a_proofs_is_left(mlflow: Mlflow, people: People) -> None:
    mlflow.experiments["99"] = f"{PREFIX}killed"
    with prover(**CLUSTERS).ready(people):
        assert "99" not in mlflow.experiments
    assert mlflow.experiments == {"1": "proof-of-concept"}
    assert mlflow.models == {"proof-of-concept"}


def test_everything_is_taken_away_when_asking_breaks(mlflow: Mlflow, people: People) -> None:
    with pytest.raises(KeyboardInterrupt), prover(**CLUSTERS).ready(people):
        raise KeyboardInterrupt
    assert mlflow.experiments == {"1": "proof-of-concept"}


def test_a_cluster_without_a_gate_is_a_gap_that_is_named(mlflow: Mlflow, people: People) -> None:
    half = prover(east=CLUSTERS["east"])
    assert half.gap(tracking.RUN, None) == "no tracking gate runs in west (Service mlflow-gate)"
    assert prover(**CLUSTERS).gap(tracking.RUN, None) == ""
    with half.ready(people):
        assert mlflow.experiments == {"1": "proof-of-concept"}, "nothing is laid out for half an answer"
