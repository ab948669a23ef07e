from __future__ import annotations

import pytest

from cli.review_changes import ancestry, by_name, changes, grouped, planned_changes
from tests.cli.review_samples import COMPONENT, PROJECT, SERVER, plan, resource


def test_equal_plans_have_no_changes() -> None:
    assert changes(plan(), plan()) == []


def test_a_changed_property_is_named_by_its_path_with_elements_by_name_and_without_its_value() -> None:
    (one,) = changes(plan(), plan(image="secret-value"))
    assert (one.operation, one.urn, one.cluster) == ("update", SERVER, "east")
    assert one.paths == ("spec.containers.server.image",)
    assert "secret-value" not in repr(one)


def test_what_is_new_is_created_and_what_is_gone_is_deleted() -> None:
    assert [one.operation for one in changes([], plan())] == ["create", "create"]
    assert [one.operation for one in changes(plan(), [])] == ["delete", "delete"]


def test_a_change_belongs_to_the_nearest_component_around_it_and_a_component_to_itself() -> None:
    component, server = changes([], plan())
    assert (component.component, server.component) == (COMPONENT, COMPONENT)
    alone = resource(f"{PROJECT}::kubernetes:core/v1:ConfigMap::alone", {})
    assert changes([], [alone])[0].component == alone["urn"]


def test_another_provider_is_a_change() -> None:
    moved = [{**one, "provider": "west"} for one in plan()]
    assert {one.paths for one in changes(plan(), moved)} == {("provider",)}


@pytest.mark.parametrize(("end", "count"), [("1a2b3c4d", 0), ("other", 1)])
def test_the_random_end_of_a_made_up_name_is_no_change_and_another_name_is(end: str, count: int) -> None:
    urn = f"{PROJECT}::kubernetes:helm.sh/v4:Chart::chart"
    before = [resource(urn, {"metadata": {"name": "chart-87b6127a"}})]
    assert len(changes(before, [resource(urn, {"metadata": {"name": f"chart-{end}"}})])) == count


def test_a_plan_against_a_state_says_itself_what_it_does() -> None:
    component, server = plan()
    found = planned_changes(
        [{**component, "operation": "same"}, {**server, "operation": "replace", "changed": ("spec",)}]
    )
    assert [(one.operation, one.urn, one.paths) for one in found] == [("replace", SERVER, ("spec",))]


def test_changes_are_grouped_by_cluster_and_component_with_what_is_in_none_last() -> None:
    nowhere = resource(f"{PROJECT}::vault:index/policy:Policy::people", {}, cluster=None)
    groups = grouped(changes([], [nowhere, *plan()]))
    assert list(groups) == ["east", ""]
    assert [one.urn for one in groups["east"][COMPONENT]] == [COMPONENT, SERVER]


def test_lists_whose_elements_share_a_name_stay_lists() -> None:
    twice = [{"name": "a", "v": 1}, {"name": "a", "v": 2}]
    assert by_name({"x": twice, "y": [1], "z": []}) == {"x": twice, "y": [1], "z": []}
    assert by_name([{"name": "a"}, {"name": "b"}]) == {"a": {"name": "a"}, "b": {"name": "b"}}


def test_a_resource_is_followed_to_its_component_and_not_to_the_stack() -> None:
    assert list(ancestry(SERVER, {one["urn"]: one for one in plan()})) == [SERVER, COMPONENT]
