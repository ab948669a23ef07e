"""Policy documents of IAM and of resources, as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Condition keys and values by operator, such as `{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}`."""


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Conditions | None = None,
    *,
    principal: Mapping[str, str] | str | None = None,
) -> Statement:
    """A statement that allows. `principal` only stands in the policies of resources."""
    return _statement("Allow", sid, actions, resources, conditions, principal)


def deny(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Conditions,
    *,
    principal: Mapping[str, str] | str,
) -> Statement:
    """A statement that denies, for the policy of a resource."""
    return _statement("Deny", sid, actions, resources, conditions, principal)


def document(*statements: Statement) -> str:
    """The policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def service_trust(service: str, conditions: Conditions | None = None) -> str:
    """The trust policy of a role that an AWS service takes."""
    statement = allow("Service", ["sts:AssumeRole"], [], conditions, principal={"Service": service})
    del statement["Resource"]
    return document(statement)


def pod_trust(account: str, cluster: str, namespace: str, service_account: str) -> str:
    """The trust policy of a role that the pods of one ServiceAccount take, in one cluster, by Pod Identity."""
    statement = allow(
        "PodIdentity",
        ["sts:AssumeRole", "sts:TagSession"],
        [],
        {
            "StringEquals": {
                "aws:SourceAccount": account,
                "aws:RequestTag/eks-cluster-name": cluster,
                "aws:RequestTag/kubernetes-namespace": namespace,
                "aws:RequestTag/kubernetes-service-account": service_account,
            }
        },
        principal={"Service": "pods.eks.amazonaws.com"},
    )
    del statement["Resource"]
    return document(statement)


def _statement(
    effect: str,
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Conditions | None,
    principal: Mapping[str, str] | str | None,
) -> Statement:
    made: Statement = {"Sid": sid, "Effect": effect, "Action": list(actions), "Resource": list(resources)}
    if principal is not None:
        made["Principal"] = principal
    if conditions:
        made["Condition"] = {operator: dict(keys) for operator, keys in conditions.items()}
    return made
