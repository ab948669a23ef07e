from __future__ import annotations

import json

import pytest

from components.cluster.place import Place
from components.cluster.storage import STORAGE_CLASS, Storage, StorageArgs, driver_rights, storage_class
from tests.aws_answers import arn
from tests.aws_cluster import PLACE, declared, known, of_type
from tests.aws_policies import allowed, too_wide
from tests.recorder import Declaration

KEY = arn("kms", "key/volumes")
RIGHTS = driver_rights(PLACE)


def storage() -> dict[str, Declaration]:
    return declared(
        lambda opts: Storage(
            "east-storage",
            StorageArgs(
                place=PLACE,
                cluster=known("east"),
                nodes=known("nodes"),
                volume_key=KEY,
                tags={"team": "platform"},
                labels={"team": "platform"},
            ),
            opts,
        )
    )


def test_a_claim_without_a_class_gets_an_encrypted_volume() -> None:
    manifest = storage_class(KEY, {})
    assert manifest["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert manifest["parameters"] == {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY}
    assert manifest["volumeBindingMode"] == "WaitForFirstConsumer"


def test_the_class_is_declared_in_the_cluster_and_the_driver_in_aws() -> None:
    made = storage()
    assert made["east-storage-class"].identity == ("east", "StorageClass", "", STORAGE_CLASS)
    assert made["east-storage-driver"].provider == "east-aws"


def test_the_driver_tags_volumes_with_what_its_rights_ask_for() -> None:
    (addon,) = of_type(storage(), "Addon")
    controller = json.loads(addon.inputs["configurationValues"])["controller"]
    tag = f"kubernetes.io/cluster/{controller['k8sTagClusterId']}"
    assert f"aws:RequestTag/{tag}" in RIGHTS


def test_the_driver_comes_after_its_credentials() -> None:
    (addon,) = of_type(storage(), "Addon")
    assert "east-storage-identity-association" in addon.dependencies


def test_its_rights_are_narrow() -> None:
    assert too_wide(RIGHTS) == []


@pytest.mark.parametrize(
    "action",
    ["ec2:AttachVolume", "ec2:DetachVolume", "ec2:DeleteVolume", "ec2:ModifyVolume", "ec2:DeleteSnapshot"],
)
def test_no_volume_of_anybody_else_is_touched(action: str) -> None:
    for one in allowed(RIGHTS, action):
        assert one["Condition"] == {"StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/east": "owned"}}


def test_another_cluster_of_the_account_has_other_volumes() -> None:
    west = driver_rights(Place(cluster="west", region=PLACE.region, account=PLACE.account))
    assert "cluster/east" not in west
