from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking_gate import matching, ownership
from tracking_gate.errors import Refused
from tracking_gate.ownership import OWNER_TAG, Named, Thing
from tracking_gate.requests import Asked, Query

CREATE = "api/2.0/mlflow/experiments/create"
SEARCH = "api/2.0/mlflow/experiments/search"
LOG = "api/2.0/mlflow/runs/log-batch"
OWN = {"key": OWNER_TAG, "value": "ada"}


def asked(method: str, path: str, body: Any = None, query: Query = ()) -> Asked:
    return Asked(matching.find(method, tuple(path.split("/"))), query, body)


def named(body: Any) -> set[tuple[str, str]]:
    return {(one.thing.name, one.id) for one in ownership.named(asked("POST", LOG, body))}


def test_ids_are_found_in_both_spellings_at_any_depth() -> None:
    body = {
        "runId": "r1",
        "metrics": [{"key": "a", "model_id": "m-1"}, {"modelId": "m-2"}],
        "deep": {"er": [{"traceIds": ["t1", "t2"]}, {"experiment_id": "7"}]},
        "source_run_id": "r2",
    }
    assert named(body) == {
        ("RUN", "r1"),
        ("RUN", "r2"),
        ("MODEL", "m-1"),
        ("MODEL", "m-2"),
        ("TRACE", "t1"),
        ("TRACE", "t2"),
        ("EXPERIMENT", "7"),
    }


@pytest.mark.parametrize("value", [5, True, 1.5, {"id": "r"}, ["r", 5], [["r"]]])
def test_an_id_that_is_no_text_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="must be text"):
        named({"run_id": "r", "nested": {"run_uuid": value}})


@pytest.mark.parametrize(
    "body", [{}, {"run_id": ""}, {"run_id": None}, {"run_ids": []}, {"experiment_id": "1"}]
)
def test_a_request_has_to_name_what_its_route_is_about(body: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="run_id or run_uuid"):
        named(body)


def test_ids_in_the_path_count() -> None:
    request = asked("PATCH", "api/2.0/mlflow/logged-models/m-1/tags", {"tags": []})
    assert ownership.named(request) == {Named(Thing.MODEL, "m-1")}
    request = asked("PUT", "api/2.0/mlflow-artifacts/artifacts/12/run/artifacts/x")
    assert ownership.named(request) == {Named(Thing.EXPERIMENT, "12")}


def test_more_ids_than_can_be_looked_up_are_refused() -> None:
    ids = [str(number) for number in range(ownership.MOST_IDS)]
    assert len(named({"run_id": "r", "model_id": ids[1:]})) == ownership.MOST_IDS
    with pytest.raises(Refused, match="not more"):
        named({"run_id": "r", "model_id": ids})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["run_id", "runId", "a", "tags", "metrics", "modelId"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@given(body=st.dictionaries(st.sampled_from(["run_id", "z", "b", "metrics"]), json_values, max_size=4))
def test_a_guarded_body_says_the_same_in_another_order(body: dict[str, Any]) -> None:
    try:
        after = ownership.guarded(asked("POST", LOG, body)).body
        found = named(body)
    except Refused:
        return
    assert after == body
    assert named(after) == found
    lengths = [len(json.dumps(part)) for part in (after, body)]
    assert lengths[0] == lengths[1]


def test_ids_stand_before_what_mlflow_could_stumble_over() -> None:
    body = {
        "max_results": "x",
        "locations": [{"type": 5, "mlflow_experiment": {"z": 1, "experiment_id": "1"}}],
    }
    request = ownership.guarded(asked("POST", "api/3.0/mlflow/traces/search", body))
    assert json.loads(request.content()) == body
    assert list(request.body or {}) == ["locations", "max_results"]
    assert request.content().index(b"experiment_id") < request.content().index(b'"type"')


@pytest.mark.parametrize(
    "body",
    [
        {"key": "mlops.owner", "value": "x"},
        {"key": " MLOPS.OWNER\u00a0"},
        {"key": "\uff4dlops.owner"},
        {"tags": [{"key": "team"}, {"key": "mlflow.artifactLocation", "value": "s3://x"}]},
        {"trace": {"trace_info": {"tags": {"mlflow.artifactLocation": "s3://x"}}}},
        {"trace": {"traceInfo": {"tags": {"mlflow.trace.archiveLocation": "s3://x"}}}},
    ],
)
def test_reserved_tags_are_not_for_limited_callers(body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        ownership.guarded(asked("POST", LOG, body))
    assert caught.value.status == 403


def test_a_reserved_tag_in_the_path_is_not_for_limited_callers() -> None:
    with pytest.raises(Refused):
        ownership.guarded(asked("DELETE", "api/2.0/mlflow/logged-models/m-1/tags/mlops.owner", {}))
    ownership.guarded(asked("DELETE", "api/2.0/mlflow/logged-models/m-1/tags/team", {}))


@pytest.mark.parametrize("tags", [None, [], [{"key": "team", "value": "x"}], [OWN], [OWN, OWN]])
def test_a_new_experiment_gets_the_caller_as_its_owner_once(tags: Any) -> None:
    body = {"name": "x", "tags": tags} if tags is not None else {"name": "x"}
    made = ownership.created(asked("POST", CREATE, body), "ada", limited=True).body or {}
    assert [tag for tag in made["tags"] if tag["key"] == OWNER_TAG] == [OWN]
    assert [tag for tag in made["tags"] if tag["key"] == "team"] == [tag for tag in tags or [] if tag != OWN]
    assert ownership.owner(made) == "ada"


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ([{"key": "mlops.owner", "value": "eve"}], 403),
        ([{"key": "Mlops.Owner", "value": "ada"}], 403),
        ([{"key": "mlops.owner"}], 403),
        ([OWN, {"key": "mlops.owner", "value": "eve"}], 403),
        ({"mlops.owner": "eve"}, 400),
        (["mlops.owner"], 400),
        ("mlops.owner", 400),
    ],
)
@pytest.mark.parametrize("limited", [True, False])
def test_nobody_makes_an_experiment_for_another(tags: Any, status: int, limited: bool) -> None:
    with pytest.raises(Refused) as caught:
        ownership.created(asked("POST", CREATE, {"name": "x", "tags": tags}), "ada", limited=limited)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "tags", [[], None, [{"key": "mlops.owner", "value": "a"}, {"key": "mlops.owner", "value": "b"}]]
)
def test_an_experiment_without_one_owner_is_nobodys(tags: Any) -> None:
    assert ownership.owner({"tags": tags}) is None


def test_a_search_is_narrowed_before_everything_that_the_caller_says() -> None:
    wanted = "tags.`mlops.owner` = 'ada'"
    by_get = ownership.narrowed(
        asked("GET", SEARCH, query=(("view_type", "ALL"), ("filter", "name = 'x'"))), "ada"
    )
    assert by_get.query == (("view_type", "ALL"), ("filter", f"{wanted} AND name = 'x'"))
    by_post = ownership.narrowed(asked("POST", SEARCH, {"view_type": "ALL"}, (("filter", "y"),)), "ada")
    assert list((by_post.body or {}).items()) == [("filter", wanted), ("view_type", "ALL")]


@pytest.mark.parametrize(
    ("method", "body", "query"),
    [
        ("GET", None, (("filter", "a"), ("filter", "b"))),
        ("POST", {"filter": ["a"]}, ()),
        ("POST", {"filter": 5}, ()),
    ],
)
def test_two_filters_are_none(method: str, body: Any, query: Query) -> None:
    with pytest.raises(Refused, match="one filter"):
        ownership.narrowed(asked(method, SEARCH, body, query), "ada")


def test_what_a_search_finds_all_the_same_is_left_out() -> None:
    mine, theirs = {"name": "a", "tags": [OWN]}, {"name": "b", "tags": [{"key": OWNER_TAG, "value": "eve"}]}
    answer = {"experiments": [theirs, mine, {"name": "c"}], "next_page_token": "t"}
    assert ownership.own_only(answer, "ada") == {"experiments": [mine], "next_page_token": "t"}
    assert ownership.own_only({"error_code": "X"}, "ada") == {"error_code": "X"}
