from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from tracking_gate.errors import Refused
from tracking_gate.ownership import OWNER_TAG, Named, Thing
from tracking_gate.tracking import Tracking

OWNERS = {"1": "ada", "2": "eve", "3": None}
PLACES = {"r1": "1", "r2": "2", "m-1": "1", "m-2": "2", "t1": "1", "t2": "2"}


class Server:
    """An MLflow that knows three experiments and what lies in two of them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rpartition("mlflow/")[2])
        if self.status != 200:
            return httpx.Response(self.status, json={"error_code": "INTERNAL_ERROR"})
        found = self.found(request)
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={"error_code": "X"})

    def found(self, request: httpx.Request) -> Any:
        params, path = request.url.params, self.asked[-1]
        if path.startswith("experiments/"):
            id_ = params.get("experiment_id") or params["experiment_name"].removeprefix("name-")
            tags = [{"key": OWNER_TAG, "value": OWNERS[id_]}] if OWNERS.get(id_) else []
            return {"experiment": {"experiment_id": id_, "tags": tags}} if id_ in OWNERS else None
        if path == "runs/get":
            place = PLACES.get(params["run_id"])
            return place and {"run": {"info": {"experiment_id": place}}}
        if path.startswith("logged-models/"):
            place = PLACES.get(path.rpartition("/")[2])
            return place and {"model": {"info": {"experiment_id": place}}}
        if path.startswith("datasets/"):
            return {"experiment_ids": {"both": ["1", "2"], "one": ["1"], "none": []}[path.split("/")[1]]}
        assert path == "traces/batchGetInfos"
        wanted = [PLACES[each] for each in json.loads(request.content)["trace_ids"] if each in PLACES]
        return {
            "trace_infos": [{"trace_location": {"mlflow_experiment": {"experiment_id": e}}} for e in wanted]
        }


def ask(server: Server, *named: Named, subject: str = "ada", times: int = 1) -> int:
    """200 when everything named is the subject's own, else the status of the refusal."""

    async def work() -> int:
        async with httpx.AsyncClient(base_url="http://x", transport=httpx.MockTransport(server)) as client:
            tracking = Tracking(client)
            try:
                for _ in range(times):
                    await tracking.require_own(named, subject)
            except Refused as refused:
                return refused.status
            return 200

    return asyncio.run(work())


@pytest.mark.parametrize(
    ("thing", "own", "other"),
    [
        (Thing.EXPERIMENT, "1", "2"),
        (Thing.EXPERIMENT_NAME, "name-1", "name-2"),
        (Thing.RUN, "r1", "r2"),
        (Thing.MODEL, "m-1", "m-2"),
        (Thing.TRACE, "t1", "t2"),
        (Thing.DATASET, "one", "both"),
    ],
)
def test_everything_belongs_to_its_experiments_owner(thing: Thing, own: str, other: str) -> None:
    assert ask(Server(), Named(thing, own)) == 200
    assert ask(Server(), Named(thing, other)) == 403
    assert ask(Server(), Named(thing, own), Named(thing, other)) == 403
    assert ask(Server(), Named(thing, own), subject="nobody") == 403


def test_what_has_no_owner_is_nobodys() -> None:
    assert ask(Server(), Named(Thing.EXPERIMENT, "3")) == 403
    assert ask(Server(), Named(Thing.DATASET, "none")) == 403


def test_what_is_not_there_is_404_but_a_trace_may_be_made() -> None:
    for thing in (Thing.EXPERIMENT, Thing.EXPERIMENT_NAME, Thing.RUN, Thing.MODEL):
        assert ask(Server(), Named(thing, "nothing")) == 404
    assert ask(Server(), Named(Thing.TRACE, "nothing")) == 200
    assert ask(Server(), Named(Thing.TRACE, "nothing"), Named(Thing.TRACE, "t2")) == 403


def test_runs_and_models_are_looked_up_once_but_owners_and_traces_every_time() -> None:
    server = Server()
    names = (Named(Thing.RUN, "r1"), Named(Thing.MODEL, "m-1"), Named(Thing.TRACE, "t1"))
    assert ask(server, *names, times=3) == 200
    counted = {path: server.asked.count(path) for path in server.asked}
    assert counted == {"runs/get": 1, "logged-models/m-1": 1, "traces/batchGetInfos": 3, "experiments/get": 3}


@pytest.mark.parametrize("status", [500, 502, 429, 401])
def test_an_mlflow_that_does_not_answer_is_503(status: int) -> None:
    server = Server()
    server.status = status
    assert ask(server, Named(Thing.RUN, "r1")) == 503


@pytest.mark.parametrize(
    "content", [b"<html>", b"[]", b'{"run": []}', b'{"run": {"info": {"experiment_id": 7}}}']
)
def test_an_answer_that_says_nothing_is_503(content: bytes) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=content)

    async def work() -> None:
        async with httpx.AsyncClient(base_url="http://x", transport=httpx.MockTransport(answer)) as client:
            with pytest.raises(Refused) as caught:
                await Tracking(client).require_own([Named(Thing.RUN, "r1")], "ada")
            assert caught.value.status == 503

    asyncio.run(work())


@pytest.mark.parametrize("id_", ["../experiments/get?experiment_id=1", "..", "m 1", "m-1\n", "ü", "m%2D1"])
@pytest.mark.parametrize("thing", [Thing.MODEL, Thing.DATASET])
def test_an_id_cannot_lead_the_gates_own_question_elsewhere(thing: Thing, id_: str) -> None:
    server = Server()
    assert ask(server, Named(thing, id_)) == 404
    assert server.asked == []
