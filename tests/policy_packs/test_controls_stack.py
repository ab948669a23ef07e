from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml
from controls.exemptions import Place
from controls.fields import EMPTY, Unproved
from controls.item import Item
from controls.objects import items
from controls.stack import Stack, where

DOCUMENTS = """\
- {apiVersion: v1, kind: Service, metadata: {name: a}}
- {apiVersion: v1, kind: Service, metadata: {name: b, namespace: team}}
- {apiVersion: v1, kind: Namespace, metadata: {name: team}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: team}}
- {apiVersion: batch.volcano.sh/v1alpha1, kind: Job, metadata: {name: j, namespace: team}}
"""


@pytest.fixture
def stack() -> Stack:
    return Stack(items(yaml.safe_load(DOCUMENTS)))


def test_items_are_found_by_type_namespace_and_name(stack: Stack) -> None:
    assert [item.name for item in stack.of("Service")] == ["a", "b"]
    assert [item.name for item in stack.of_namespace(("", "team"), "Service", "Deployment.apps")] == [
        "b",
        "d",
    ]
    assert stack.find("Service", "b", ("", "team")) is stack.of("Service")[1]
    assert stack.find("Service", "b", ("east", "team")) is None
    assert stack.find("Namespace", "team", ("", "")) is not None


def test_an_object_without_a_namespace_is_where_a_client_puts_it(stack: Stack) -> None:
    assert where(stack.of("Service")[0]) == ("", "default")
    assert stack.find("Service", "a", ("", "default")) is stack.find("Service", "a", ("", ""))


def test_bearers_are_kinds_of_kubernetes_and_not_others_of_their_name(stack: Stack) -> None:
    assert {place: [item.name for item in found] for place, found in stack.bearers.items()} == {
        ("", "team"): ["d"]
    }


def test_clusters_do_not_meet() -> None:
    east, west = (
        Item(kind="Service", api_version="v1", fields=EMPTY, cluster=one, resource="a")
        for one in ("east", "west")
    )
    stack = Stack([east, west, Item(kind="aws:s3/bucketV2:BucketV2", fields=EMPTY, cluster="aws")])
    assert stack.clusters == ("east", "west")
    assert stack.of_cluster("west", "Service") == [west]


def test_a_chart_hides_what_it_brings_until_an_object_of_it_is_seen() -> None:
    chart = {"type": "kubernetes:helm.sh/v4:Chart", "name": "c", "properties": {"namespace": "team"}}
    child = {"type": "kubernetes:core/v1:Service", "name": "c:team/web", "properties": {}}
    assert Stack(items([chart])).hidden == {("", "team")}
    assert Stack(items([chart, child])).hidden == frozenset()


AGENT = Place(kind="DaemonSet", namespace="team", name="agent")
ROLE = Place(kind="ClusterRole", namespace="", name="agent")
ELSEWHERE = Place(kind="DaemonSet", namespace="other", name="agent")


def charts(*objects: Mapping[str, object], namespace: object = "team") -> Stack:
    chart = {"type": "kubernetes:helm.sh/v4:Chart", "name": "c", "properties": {"namespace": namespace}}
    return Stack(items([chart, *objects]))


def test_an_object_that_nobody_declares_may_be_one_of_a_chart_in_its_namespace_or_in_none() -> None:
    assert [charts().may_hide(one) for one in (AGENT, ROLE, ELSEWHERE)] == [True, True, False]
    assert not charts().may_hide(Place(kind="vault:index/policy:Policy", namespace="", name="agent"))


def test_a_chart_hides_nothing_that_the_stack_declares_and_nothing_once_it_is_seen_through() -> None:
    own = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "team"}}
    child = {"type": "kubernetes:core/v1:Service", "name": "c:team/web", "properties": {}}
    assert not charts(own).may_hide(AGENT)
    assert not any(charts(child).may_hide(one) for one in (AGENT, ROLE))


def test_a_chart_whose_namespace_is_not_known_yet_may_be_anywhere() -> None:
    assert charts(namespace=Unproved.UNKNOWN).may_hide(ELSEWHERE)
    assert not Stack(()).may_hide(ROLE)
