"""One EKS cluster of `prod`, made in moto from what the stack declares, and read back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig

from tests.aws_emulator import Emulated
from tests.stacks.conftest import recorded_stack

CONFIG: DefaultConfig = {"iam": {"load_aws_managed_policies": True}}
"""AWS's own policies have to be ones that exist."""

NOT_CARRIED = {
    "AssociateAccessPolicy",
    "AssociateIdentityProviderConfig",
    "CreateAccessEntry",
    "CreateAddon",
    "CreatePodIdentityAssociation",
}
"""Of EKS; the others are made."""


@pytest.fixture(scope="module")
def emulated() -> Iterator[Emulated]:
    with pytest.MonkeyPatch.context() as patch, mock_aws(config=CONFIG):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.delenv("AWS_PROFILE", raising=False)
        account = Emulated()
        account.make(
            one
            for one in recorded_stack("prod").declarations
            if one.type.startswith("aws:") and one.provider == "prod-eu-aws"
        )
        yield account


def test_all_but_what_moto_does_not_know_is_made(emulated: Emulated) -> None:
    assert emulated.skipped == NOT_CARRIED


def test_the_cluster_is_private_and_its_secrets_are_encrypted(emulated: Emulated) -> None:
    cluster = emulated.client("eks").describe_cluster(name="prod-eu")["cluster"]
    access = cluster["resourcesVpcConfig"]
    assert (access["endpointPrivateAccess"], access["endpointPublicAccess"]) == (True, False)
    (encryption,) = cluster["encryptionConfig"]
    key = emulated.client("kms").describe_key(KeyId=encryption["provider"]["keyArn"])["KeyMetadata"]
    assert (key["Enabled"], key["KeyManager"]) == (True, "CUSTOMER")
    (logging,) = cluster["logging"]["clusterLogging"]
    assert (len(logging["types"]), logging["enabled"]) == (5, True)


def test_its_nodes_are_in_three_private_subnets_of_the_vpc(emulated: Emulated) -> None:
    group = emulated.client("eks").describe_nodegroup(clusterName="prod-eu", nodegroupName="system")[
        "nodegroup"
    ]
    ec2 = emulated.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=group["subnets"])["Subnets"]
    assert len({one["AvailabilityZone"] for one in subnets}) == 3
    (vpc,) = ec2.describe_vpcs(VpcIds=[subnets[0]["VpcId"]])["Vpcs"]
    assert vpc["CidrBlock"] == "10.96.0.0/16"
    assert not any(one["MapPublicIpOnLaunch"] for one in subnets)


def test_its_pods_are_in_three_other_subnets_of_the_same_vpc(emulated: Emulated) -> None:
    ec2 = emulated.client("ec2")
    subnets = ec2.describe_subnets(Filters=[{"Name": "tag:cilium.io/pods", "Values": ["prod-eu"]}])["Subnets"]
    assert len({one["AvailabilityZone"] for one in subnets}) == len(subnets) == 3
    (vpc,) = ec2.describe_vpcs(VpcIds=[subnets[0]["VpcId"]])["Vpcs"]
    assert "10.64.0.0/16" in {one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"]}


def test_its_nodes_start_from_the_hardened_template(emulated: Emulated) -> None:
    versions = emulated.client("ec2").describe_launch_template_versions(LaunchTemplateName="prod-eu-system")
    data = versions["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    (disk,) = data["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"]


def test_iam_took_every_role_and_its_policies(emulated: Emulated) -> None:
    iam = emulated.client("iam")
    found = {one["RoleName"] for one in iam.list_roles()["Roles"]}
    parts = (
        "control-plane",
        "system",
        "karpenter",
        "karpenter-nodes",
        "ebs-csi",
        "load-balancers",
        "pod-network",
    )
    assert {f"prod-eu-{part}" for part in parts} <= found
    for part in ("karpenter", "ebs-csi", "load-balancers", "pod-network"):
        policy = iam.get_role_policy(RoleName=f"prod-eu-{part}", PolicyName="rights")["PolicyDocument"]
        assert policy["Statement"]


def test_warnings_reach_the_queue(emulated: Emulated) -> None:
    sqs, events = emulated.client("sqs"), emulated.client("events")
    url = sqs.get_queue_url(QueueName="prod-eu-interruptions")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["Policy"])["Statement"]
    for rule in events.list_rules(NamePrefix="prod-eu-interruption-")["Rules"]:
        (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        assert target["Arn"] == attributes["QueueArn"]


def test_logs_are_kept_for_a_year_and_encrypted(emulated: Emulated) -> None:
    (group,) = emulated.client("logs").describe_log_groups(logGroupNamePrefix="/aws/eks/prod-eu/")[
        "logGroups"
    ]
    assert group["retentionInDays"] == 365
    assert group["kmsKeyId"]
