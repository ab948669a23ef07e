from __future__ import annotations

from typing import Any

import pytest
from controls.objects import items

POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}


def test_lists_arrays_and_nested_lists_give_their_items_in_order() -> None:
    other = {**POD, "metadata": {"name": "b"}}
    document = [{"kind": "List", "items": [POD, {"kind": "List", "items": [other]}]}, POD]
    assert [item.name for item in items(document)] == ["a", "b", "a"]


def test_an_item_of_a_typed_list_takes_the_lists_type() -> None:
    (found,) = items({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"metadata": {}}]})
    assert (found.api_version, found.kind) == ("apps/v1", "Deployment")


@pytest.mark.parametrize("document", [None, "text", 3, {}, {"kind": None}, {"kind": ["Pod"]}, [None, [[]]]])
def test_what_is_no_object_is_left_out(document: object) -> None:
    assert list(items(document)) == []


def test_a_list_that_holds_itself_ends() -> None:
    document: dict[str, Any] = {"kind": "List", "items": [POD]}
    document["items"].append(document)
    assert len(list(items(document))) == 1


def test_an_alias_of_an_object_is_judged_at_each_use() -> None:
    assert len(list(items([POD, POD]))) == 2


def test_an_object_that_leaves_its_name_to_the_cluster_has_none_here() -> None:
    (found,) = items({"kind": "Pod", "metadata": {"generateName": "a-"}})
    assert found.name == ""


def test_items_hide_nothing_in_a_kind_that_is_no_list() -> None:
    (found,) = items({**POD, "items": []})
    assert found.kind == "Pod"


@pytest.mark.parametrize("entries", [None, "x", {}])
def test_a_list_kind_without_a_list_is_an_object_like_any_other(entries: object) -> None:
    (found,) = items({"kind": "PodList", "items": entries})
    assert found.kind == "PodList"


def test_a_resource_of_another_provider_is_written_as_in_pulumi_yaml() -> None:
    document = {"type": "aws:s3/bucketV2:BucketV2", "name": "models", "properties": {"bucket": "m"}}
    (found,) = items(document)
    assert (found.type, found.name, found.fields.value("bucket")) == (
        "aws:s3/bucketV2:BucketV2",
        "models",
        "m",
    )
