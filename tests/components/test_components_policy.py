from __future__ import annotations

import json

from components.cluster.policy import allow, deny, document, pod_trust, service_trust
from tests.aws_policies import statements, too_wide


def test_a_document_is_what_iam_reads() -> None:
    text = document(allow("Read", ["s3:GetObject"], ["arn:aws:s3:::b/*"]))
    assert statements(text) == [
        {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
    ]


def test_a_denial_denies() -> None:
    (one,) = statements(document(deny("No", ["sqs:SendMessage"], ["x"], {"Bool": {"a": "b"}}, principal="*")))
    assert (one["Effect"], one["Principal"], one["Condition"]) == ("Deny", "*", {"Bool": {"a": "b"}})


def test_a_trust_policy_names_no_resource() -> None:
    (one,) = json.loads(service_trust("ec2.amazonaws.com"))["Statement"]
    assert one["Principal"] == {"Service": "ec2.amazonaws.com"}
    assert "Resource" not in one


def test_a_pods_role_is_for_one_service_account_of_one_cluster() -> None:
    (one,) = statements(pod_trust("123456789012", "east", "kube-system", "karpenter"))
    assert one["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert one["Condition"]["StringEquals"] == {
        "aws:SourceAccount": "123456789012",
        "aws:RequestTag/eks-cluster-name": "east",
        "aws:RequestTag/kubernetes-namespace": "kube-system",
        "aws:RequestTag/kubernetes-service-account": "karpenter",
    }


def test_a_wide_right_is_seen() -> None:
    assert too_wide(document(allow("A", ["ec2:*"], ["x"])))
    assert too_wide(document(allow("A", ["ec2:RunInstances"], ["*"])))
    assert too_wide(
        document(allow("A", ["kms:Decrypt"], ["*"], {"Bool": {"a": "b"}}, principal={"AWS": "*"}))
    )
