"""Who may use a cluster's keys. A key's policy is the only grant: no role's own policy names a key.

A principal is named by condition and not by ARN, since KMS refuses the ARN of a role that is not there yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.cluster.place import Place
from components.cluster.policy import Statement, allow, document

_THIS_KEY = ("*",)
"""In the policy of a key the resource is that key."""

_ADMINISTER = (
    *("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
    *("kms:DescribeKey", "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:RevokeGrant"),
    *("kms:EnableKey", "kms:DisableKey", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"),
    *("kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:GetKeyRotationStatus", "kms:ListKeyRotations"),
    *("kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource"),
)
_USE = (
    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"),
    *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
)


def secrets_key_policy(place: Place, role: str, admins: Sequence[str]) -> str:
    """The control plane's role encrypts Kubernetes secrets; whoever creates the cluster grants EKS its use.

    CreateCluster does not support `kms:GrantIsForAWSResource`, so those who may grant are named instead.
    """
    return document(
        _administration(place),
        allow(
            "Encrypt",
            ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:ListGrants"],
            _THIS_KEY,
            _only(place, [role]),
            principal={"AWS": "*"},
        ),
        allow("Grant", ["kms:CreateGrant"], _THIS_KEY, _only(place, admins), principal={"AWS": "*"}),
    )


def volumes_key_policy(place: Place, roles: Sequence[str]) -> str:
    """EC2 encrypts the volumes of nodes and of pods for these roles and for auto scaling, and for nobody else."""
    scaling = place.iam("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    users = _only(place, [*roles, scaling])
    by_ec2 = {
        **users,
        "StringEquals": {**users["StringEquals"], "kms:ViaService": f"ec2.{place.region}.amazonaws.com"},
    }
    return document(
        _administration(place),
        allow("Use", _USE, _THIS_KEY, by_ec2, principal={"AWS": "*"}),
        allow(
            "Attach",
            ["kms:CreateGrant"],
            _THIS_KEY,
            {**by_ec2, "Bool": {"kms:GrantIsForAWSResource": "true"}},
            principal={"AWS": "*"},
        ),
    )


def logs_key_policy(place: Place) -> str:
    """CloudWatch encrypts the control plane's log group, and nothing else."""
    group = place.arn("logs", f"log-group:{place.log_group}")
    return document(
        _administration(place),
        allow(
            "Logs",
            _USE,
            _THIS_KEY,
            {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
            principal={"Service": f"logs.{place.region}.amazonaws.com"},
        ),
    )


def _administration(place: Place) -> Statement:
    """The account may let its administrators look after the key; that gives nobody its use."""
    return allow("Administer", _ADMINISTER, _THIS_KEY, principal={"AWS": place.iam("root")})


def _only(place: Place, roles: Sequence[str]) -> dict[str, dict[str, str | Sequence[str]]]:
    return {
        "StringEquals": {"kms:CallerAccount": place.account},
        "ArnEquals": {"aws:PrincipalArn": list(roles)},
    }
