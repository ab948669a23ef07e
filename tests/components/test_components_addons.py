from __future__ import annotations

from components.cluster.addons import Addons, AddonsArgs, addon_inputs
from tests.aws_cluster import declared, known, of_type


def test_every_addon_is_at_an_exact_version_and_hand_made_changes_are_put_back() -> None:
    made = declared(
        lambda opts: Addons("east-addons", AddonsArgs(cluster=known("east"), nodes=known("nodes")), opts)
    )
    addons = of_type(made, "Addon")
    assert {one.inputs["addonName"] for one in addons} == {"coredns", "eks-pod-identity-agent"}
    for one in addons:
        assert "-eksbuild." in one.inputs["addonVersion"]
        assert one.inputs["resolveConflictsOnUpdate"] == "OVERWRITE"


def test_configuration_is_the_same_text_for_the_same_values() -> None:
    one, other = addon_inputs("a", "v1", {"b": 1, "a": 2}), addon_inputs("a", "v1", {"a": 2, "b": 1})
    assert one == other
    assert "configuration_values" not in addon_inputs("a", "v1")
