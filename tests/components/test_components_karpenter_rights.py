from __future__ import annotations

import pytest

from components.cluster.karpenter_rights import controller_rights
from tests.aws_cluster import PLACE
from tests.aws_policies import allowed, statements, too_wide

QUEUE, ROLE, PROFILE = PLACE.arn("sqs", "q"), PLACE.role("nodes"), PLACE.iam("instance-profile/nodes")
RIGHTS = controller_rights(PLACE, queue=QUEUE, node_role=ROLE, profile=PROFILE)


def test_they_are_narrow() -> None:
    assert too_wide(RIGHTS) == []


def test_one_role_is_passed_and_only_to_machines() -> None:
    (one,) = allowed(RIGHTS, "iam:PassRole")
    assert one["Resource"] == [ROLE]
    assert one["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_nothing_of_iam_is_made_or_changed() -> None:
    actions = {action for one in statements(RIGHTS) for action in one["Action"] if action.startswith("iam:")}
    assert actions == {"iam:PassRole", "iam:GetInstanceProfile"}


@pytest.mark.parametrize("action", ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"])
def test_only_nodes_that_it_made_for_this_cluster_are_ended(action: str) -> None:
    (one,) = allowed(RIGHTS, action)
    assert one["Condition"]["StringEquals"] == {"aws:ResourceTag/kubernetes.io/cluster/east": "owned"}
    assert one["Condition"]["StringLike"] == {"aws:ResourceTag/karpenter.sh/nodepool": "*"}


def test_an_instance_is_started_only_with_the_clusters_tag_and_in_its_network() -> None:
    for one in allowed(RIGHTS, "ec2:RunInstances"):
        kinds = {resource.rpartition(":")[2].partition("/")[0] for resource in one["Resource"]}
        if kinds & {"instance", "volume", "network-interface", "fleet"}:
            assert one["Condition"]["StringEquals"] == {"aws:RequestTag/kubernetes.io/cluster/east": "owned"}
        if kinds & {"subnet", "security-group"}:
            assert one["Condition"] == {"StringEquals": {"aws:ResourceTag/karpenter.sh/discovery": "east"}}


def test_tags_are_put_on_what_is_new_and_later_only_names_are() -> None:
    for one in allowed(RIGHTS, "ec2:CreateTags"):
        text = str(one["Condition"])
        assert "ec2:CreateAction" in text or "ForAllValues:StringEquals" in text


def test_it_reads_its_own_queue_and_asks_for_its_own_cluster() -> None:
    assert allowed(RIGHTS, "sqs:ReceiveMessage")[0]["Resource"] == [QUEUE]
    assert allowed(RIGHTS, "eks:DescribeCluster")[0]["Resource"] == [PLACE.cluster_arn]
