from __future__ import annotations

import pytest

from components.cluster.key_policies import logs_key_policy, secrets_key_policy, volumes_key_policy
from tests.aws_cluster import PLACE
from tests.aws_policies import allowed, statements, too_wide

CONTROL, DRIVER, ADMIN = PLACE.role("control-plane"), PLACE.role("ebs-csi"), PLACE.iam("role/deployer")
SECRETS = secrets_key_policy(PLACE, CONTROL, [ADMIN])
VOLUMES = volumes_key_policy(PLACE, [DRIVER])
LOGS = logs_key_policy(PLACE)
EVERY = pytest.mark.parametrize("policy", [SECRETS, VOLUMES, LOGS], ids=["secrets", "volumes", "logs"])


def users(policy: str, action: str) -> set[str]:
    (one,) = allowed(policy, action)
    return set(one["Condition"]["ArnEquals"]["aws:PrincipalArn"])


@EVERY
def test_no_statement_is_wide(policy: str) -> None:
    assert too_wide(policy) == []


@EVERY
def test_the_account_can_always_look_after_its_key_and_never_use_it(policy: str) -> None:
    own = [one for one in statements(policy) if one["Principal"] == {"AWS": PLACE.iam("root")}]
    actions = {action for one in own for action in one["Action"]}
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:EnableKeyRotation"} <= actions
    assert not actions & {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:CreateGrant"}


def test_only_the_control_plane_decrypts_secrets_and_only_administrators_grant() -> None:
    assert users(SECRETS, "kms:Decrypt") == {CONTROL}
    assert users(SECRETS, "kms:CreateGrant") == {ADMIN}


def test_volumes_are_encrypted_by_ec2_for_named_roles_alone() -> None:
    scaling = PLACE.iam("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    for action in ("kms:Decrypt", "kms:CreateGrant"):
        assert users(VOLUMES, action) == {DRIVER, scaling}
        (one,) = allowed(VOLUMES, action)
        assert one["Condition"]["StringEquals"]["kms:ViaService"] == "ec2.eu-central-1.amazonaws.com"
    assert allowed(VOLUMES, "kms:CreateGrant")[0]["Condition"]["Bool"] == {
        "kms:GrantIsForAWSResource": "true"
    }


def test_logs_are_encrypted_for_the_control_planes_group_alone() -> None:
    (one,) = allowed(LOGS, "kms:Encrypt")
    assert one["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    (group,) = one["Condition"]["ArnEquals"].values()
    assert group.endswith(":log-group:/aws/eks/east/cluster")
