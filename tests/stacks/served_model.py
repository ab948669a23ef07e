"""A model that is served in a stack that serves none: whole and right, but for the mistake that is asked for."""

from __future__ import annotations

import json
from typing import Any

from tests.stacks.stack_faults import Fault, add, declare, each

AWS_ROLE, AWS_ACCOUNT = "aws:iam/role:Role", "arn:aws:iam::123456789012"


def serve(
    model: str = "pvc://fraud/7",
    *,
    account: str = "fraud",
    role: str = "fraud",
    trusted: str | None = None,
    **predictor: Any,
) -> Fault:
    """A model that is served right, with its volume, account and role, but for what is given."""
    place = {"name": "fraud", "namespace": "mlops-serving"}
    own_role = {"eks.amazonaws.com/role-arn": f"{AWS_ACCOUNT}:role/{role}"}
    spec = {
        "minReplicas": 2,
        "serviceAccountName": account,
        "model": {"modelFormat": {"name": "sklearn"}, "storageUri": model},
        **predictor,
    }
    return each(
        add(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": place,
                "spec": {"storageClassName": "gp3-encrypted"},
            }
        ),
        declare(AWS_ROLE, {"name": "fraud", "assumeRolePolicy": trusted or trust()}),
        add(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {**place, "annotations": own_role},
                "automountServiceAccountToken": False,
            }
        ),
        add(
            {
                "apiVersion": "serving.kserve.io/v1beta1",
                "kind": "InferenceService",
                "metadata": {**place, "labels": {"networking.kserve.io/visibility": "cluster-local"}},
                "spec": {"predictor": spec},
            }
        ),
    )


def trust(
    subject: str = "system:serviceaccount:mlops-serving:fraud",
    *,
    operator: str = "StringEquals",
    audience: str = "sts.amazonaws.com",
) -> str:
    """Who may take the role that a model is read with: pods of one account of one cluster, but for what is given."""
    issuer = "oidc.eks.eu-central-1.amazonaws.com/id/1"
    condition = {"StringEquals": {f"{issuer}:aud": audience}}
    condition.setdefault(operator, {})[f"{issuer}:sub"] = subject
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"{AWS_ACCOUNT}:oidc-provider/{issuer}"},
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
