from __future__ import annotations

import pytest

from components.cluster.place import Place, owner_tags
from tests.aws_cluster import OWNER, PLACE


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-central-1", "aws"),
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
    ],
)
def test_the_partition_is_the_regions(region: str, partition: str) -> None:
    place = Place(cluster="a", region=region, account="123456789012")
    assert place.iam("root") == f"arn:{partition}:iam::123456789012:root"
    assert place.cluster_arn == f"arn:{partition}:eks:{region}:123456789012:cluster/a"


def test_images_and_snapshots_have_no_account_in_their_arn() -> None:
    assert PLACE.unowned("ec2", "snapshot/*") == "arn:aws:ec2:eu-central-1::snapshot/*"


def test_two_clusters_of_an_account_have_roles_of_their_own() -> None:
    other = Place(cluster="west", region=PLACE.region, account=PLACE.account)
    assert PLACE.role("karpenter") != other.role("karpenter")


def test_the_longest_cluster_name_still_makes_names_that_iam_takes() -> None:
    longest = Place(cluster="a" * 32, region=PLACE.region, account=PLACE.account)
    assert (
        max(len(longest.named(part)) for part in ("karpenter-nodes", "control-plane", "load-balancers")) <= 64
    )


def test_everything_says_who_pays_for_it() -> None:
    assert owner_tags(OWNER).items() >= {"team": "platform", "cost-center": "core"}.items()
