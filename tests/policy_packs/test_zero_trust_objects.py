from __future__ import annotations

from typing import Any

import pytest
from zero_trust.objects import objects

POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}


def test_lists_arrays_and_nested_lists_give_their_items_in_order() -> None:
    other = {**POD, "metadata": {"name": "b"}}
    document = [{"kind": "List", "items": [POD, {"kind": "List", "items": [other]}]}, POD]
    assert [item.place().name for item in objects(document)] == ["a", "b", "a"]


def test_an_item_of_a_typed_list_takes_the_lists_type() -> None:
    (found,) = objects({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {}}]})
    assert (found.api_version, found.kind) == ("apps/v1", "Deployment")


@pytest.mark.parametrize("document", [None, "text", 3, {}, {"kind": None}, {"kind": ["Pod"]}, [None, [[]]]])
def test_what_is_no_object_is_left_out(document: object) -> None:
    assert list(objects(document)) == []


def test_a_list_that_holds_itself_ends() -> None:
    document: dict[str, Any] = {"kind": "List", "items": [POD]}
    document["items"].append(document)
    assert len(list(objects(document))) == 1


def test_an_alias_of_an_object_is_judged_at_each_use() -> None:
    assert len(list(objects([POD, POD]))) == 2


def test_an_object_that_leaves_its_name_to_the_cluster_takes_the_fallback() -> None:
    (found,) = objects({"kind": "Pod", "metadata": {"generateName": "a-"}})
    assert found.place("logical").name == "logical"


def test_items_hide_nothing_in_a_kind_that_is_no_list() -> None:
    (found,) = objects({**POD, "items": []})
    assert found.kind == "Pod"


@pytest.mark.parametrize("items", [None, "x", {}])
def test_a_list_kind_without_a_list_is_an_object_like_any_other(items: object) -> None:
    (found,) = objects({"kind": "PodList", "items": items})
    assert found.kind == "PodList"
