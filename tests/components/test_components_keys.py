from __future__ import annotations

from components.cluster.keys import ClusterKeys, ClusterKeysArgs, volume_alias
from tests.aws_cluster import PLACE, declared, of_type

ARGS = ClusterKeysArgs(
    place=PLACE,
    admins=[PLACE.iam("role/deployer")],
    control_plane=PLACE.role("c"),
    volume_users=[PLACE.role("v")],
)


def test_every_key_rotates_and_can_be_called_back_for_a_month() -> None:
    keys = of_type(declared(lambda opts: ClusterKeys("east-keys", ARGS, opts)), "Key")
    assert len(keys) == 3
    assert all(one.inputs["enableKeyRotation"] for one in keys)
    assert {one.inputs["deletionWindowInDays"] for one in keys} == {30}


def test_each_purpose_has_a_key_with_users_of_its_own() -> None:
    keys = of_type(declared(lambda opts: ClusterKeys("east-keys", ARGS, opts)), "Key")
    assert len({one.inputs["policy"] for one in keys}) == 3


def test_nodes_name_the_key_of_volumes_by_an_alias_that_exists() -> None:
    aliases = of_type(declared(lambda opts: ClusterKeys("east-keys", ARGS, opts)), "Alias")
    assert volume_alias(PLACE) in {one.inputs["name"] for one in aliases}
