from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.trust.issuer_guard import IssuerGuard, IssuerGuardArgs, policy_manifest
from tests.components.cel import admits
from tests.recorder import run

POLICY = policy_manifest({"mesh": "istio-system", "cluster-mesh": "kube-system"}, {})
REQUESTS = ("cert-manager.io", "v1", "certificaterequests")


def passes(issuer: str, namespace: str, operation: str = "CREATE") -> bool:
    request: dict[str, Any] = {
        "operation": operation,
        "namespace": namespace,
        "resource": REQUESTS,
        "userInfo": {"username": "anybody", "groups": ["system:masters"]},
        "object": {"spec": {"issuerRef": {"name": issuer, "kind": "ClusterIssuer"}}},
    }
    return admits(POLICY, request)


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
@pytest.mark.parametrize(
    ("issuer", "namespace", "expected"),
    [
        ("mesh", "istio-system", True),
        ("mesh", "mlops-dev", False),
        ("mesh", "kube-system", False),
        ("cluster-mesh", "kube-system", True),
        ("cluster-mesh", "istio-system", False),
        ("platform", "mlops-dev", True),
    ],
)
def test_an_authority_of_one_namespace_signs_for_no_other(
    issuer: str, namespace: str, expected: bool, operation: str
) -> None:
    assert passes(issuer, namespace, operation) is expected


def test_a_request_that_cannot_be_judged_is_refused() -> None:
    request = {"operation": "CREATE", "namespace": "a", "resource": REQUESTS, "object": {"spec": {}}}
    assert not admits(POLICY, request)


def test_the_policy_is_in_force_in_every_namespace() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        IssuerGuard("east-guard", IssuerGuardArgs(issuers={"mesh": "istio-system"}, labels={}), opts)

    made = {one.name: one for one in run(program).declarations}
    binding = made["east-guard-binding"]
    assert binding.inputs["spec"]["validationActions"] == ["Deny", "Audit"]
    assert "matchResources" not in binding.inputs["spec"]
    assert "east-guard-policy" in binding.dependencies
