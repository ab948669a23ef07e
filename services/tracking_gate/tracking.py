"""What the gate itself asks of MLflow: which experiment something belongs to, and whose that is.

Runs and logged models never move and their ids are MLflow's own, so their experiments are remembered. Owners
and traces (whose ids callers choose) are asked for every time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tracking_gate.errors import denied, missing, unavailable
from tracking_gate.ownership import Named, Thing, owner

_V2, _V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_REMEMBERED = 20_000
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_NOT_THERE = frozenset({400, 404})


class Tracking:
    """MLflow as the gate sees it. `client` has MLflow's address as its base."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._experiments: dict[Named, str] = {}

    async def require_own(self, named: Iterable[Named], subject: str) -> None:
        """Return if everything named belongs to experiments of `subject`. Raises `Refused` otherwise.

        A trace that does not exist is nobody's: MLflow says so itself, or makes it.
        """
        names = sorted(named, key=lambda one: (one.thing.value, one.id))
        traces = [one.id for one in names if one.thing is Thing.TRACE]
        looked_up = [self._of(one) for one in names if one.thing is not Thing.TRACE]
        found = await asyncio.gather(self._of_traces(traces), *looked_up)
        experiments = {experiment for group in found for experiment in group}
        await asyncio.gather(*(self._require(experiment, subject) for experiment in sorted(experiments)))

    async def _require(self, experiment: str, subject: str) -> None:
        answer = await self._get("experiments/get", experiment_id=experiment)
        if owner(answer.get("experiment") or {}) != subject:
            raise denied(f"experiment {experiment} is not yours: your roles reach what you created yourself")

    async def _of(self, one: Named) -> Iterable[str]:
        if one.thing is Thing.EXPERIMENT:
            return (one.id,)
        if one.thing is Thing.EXPERIMENT_NAME:
            return (_text(await self._get("experiments/get-by-name", experiment_name=one.id), "experiment"),)
        if one.thing is Thing.DATASET:
            answer = await self._ask("GET", f"{_V3}/datasets/{_segment(one.id)}/experiment-ids")
            experiments = answer.get("experiment_ids") or []
            if not experiments:
                raise denied(f"data set {one.id} belongs to no experiment, so your roles do not reach it")
            return [str(each) for each in experiments]
        if one not in self._experiments:
            experiment = await self._experiment(one)
            if len(self._experiments) >= _REMEMBERED:
                self._experiments.clear()
            self._experiments[one] = experiment
        return (self._experiments[one],)

    async def _experiment(self, one: Named) -> str:
        if one.thing is Thing.RUN:
            return _text(await self._get("runs/get", run_id=one.id), "run", "info")
        return _text(await self._get(f"logged-models/{_segment(one.id)}"), "model", "info")

    async def _of_traces(self, ids: list[str]) -> Iterable[str]:
        if not ids:
            return ()
        answer = await self._ask("POST", f"{_V3}/traces/batchGetInfos", json={"trace_ids": ids})
        found = answer.get("trace_infos") or []
        return [_text(each, "trace_location", "mlflow_experiment") for each in found]

    async def _get(self, path: str, **params: str) -> Mapping[str, Any]:
        return await self._ask("GET", f"{_V2}/{path}", params=params)

    async def _ask(self, method: str, path: str, **how: Any) -> Mapping[str, Any]:
        try:
            answer = await self._client.request(method, path, **how)
            value = answer.json()
        except (httpx.HTTPError, ValueError):
            raise unavailable("MLflow does not answer the tracking gate") from None
        if answer.status_code in _NOT_THERE:
            raise missing("MLflow does not have what the request names")
        if answer.status_code != httpx.codes.OK or not isinstance(value, dict):
            raise unavailable(f"MLflow answered the tracking gate with {answer.status_code}")
        return value


def _segment(id_: str) -> str:
    """An id as one segment of a path. None of MLflow's own ids holds anything that could mean another path."""
    if not _PLAIN.fullmatch(id_):
        raise missing("MLflow does not have what the request names")
    return id_


def _text(value: Any, *keys: str) -> str:
    """The experiment's id at this place in an answer."""
    for key in (*keys, "experiment_id"):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str) or not value:
        raise unavailable("MLflow's answer names no experiment")
    return value
