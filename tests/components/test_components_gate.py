"""The tracking gate's objects: its part of the matrix, its pod, its traffic."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.labels import Owner
from components.manifest import NamespaceRef
from components.network.fqdn_egress import Destination
from components.tracking.gate import GateArgs, TrackingGate, settings
from config.access import MATRIX, Grant, Role
from tests.recorder import Recorder, run

AUTHORITY = "-----BEGIN CERTIFICATE-----\nof a private authority\n-----END CERTIFICATE-----\n"


def recorded(authority: str | None = AUTHORITY) -> Recorder:
    def program() -> None:
        args = GateArgs(
            namespace=NamespaceRef(name="mlops-platform", ready="mlops-platform"),
            matrix=MATRIX,
            issuer="https://id.example.com/realms/mlops-platform",
            keycloak=Destination(hosts=("id.example.com",), port=443),
            authority=authority,
            mlflow="mlflow",
            replicas=2,
            owner=Owner(team="platform", cost_center="core", environment="test"),
        )
        TrackingGate("east-gate", args, pulumi.ResourceOptions())

    return run(program)


def pod(found: Recorder) -> dict[str, Any]:
    deployment = found.find("Deployment", "mlflow-gate", provider="", namespace="mlops-platform")
    spec: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
    return spec


def test_the_gate_is_told_its_rows_of_the_matrix_and_no_others() -> None:
    told = json.loads(settings(MATRIX, None)["permissions.json"])
    resources = {name.rsplit("-", 1)[0] for name in told}
    assert resources == {"experiment", "model-registry"}
    assert told["experiment-read"][Role.ML_ENGINEER] == Grant.OWN
    assert told["model-registry-approve"][Role.ML_ENGINEER] == Grant.NO


def test_a_change_of_the_matrix_replaces_the_pods() -> None:
    approve = MATRIX.permission("approve", "model registry")
    changed = MATRIX.replaced(approve, Role.VIEWER, Grant.YES)
    assert settings(MATRIX, None) != settings(changed, None)


def test_mlflow_is_reached_by_its_service_and_keycloak_by_its_issuer() -> None:
    environment = {one["name"]: one.get("value") for one in pod(recorded())["containers"][0]["env"]}
    assert environment["UPSTREAM"] == "http://mlflow.mlops-platform.svc:5000"
    assert environment["ISSUER"] == "https://id.example.com/realms/mlops-platform"
    assert environment["AUDIENCE"] == "mlflow"


@pytest.mark.parametrize("authority", [AUTHORITY, None])
def test_a_private_authority_is_mounted_and_a_public_one_needs_nothing(authority: str | None) -> None:
    found = recorded(authority)
    data = found.find("ConfigMap", "mlflow-gate", provider="", namespace="mlops-platform").inputs["data"]
    environment = {one["name"] for one in pod(found)["containers"][0]["env"]}
    assert ("authority.crt" in data) == ("AUTHORITY" in environment) == (authority is not None)


def test_the_pod_holds_no_secret_and_no_token() -> None:
    spec = pod(recorded())
    assert spec["automountServiceAccountToken"] is False
    assert [volume for volume in spec["volumes"] if "configMap" not in volume] == []
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_nobody_is_let_in_before_a_gateway_is_named_a_client() -> None:
    policy = recorded().find(
        "NetworkPolicy", "mlflow-gate-from-clients", provider="", namespace="mlops-platform"
    )
    assert policy.inputs["spec"]["policyTypes"] == ["Ingress"]
    assert "ingress" not in policy.inputs["spec"]


def test_it_reaches_keycloak_outside_and_nothing_else() -> None:
    policy = recorded().find(
        "CiliumNetworkPolicy", "mlflow-gate-to-outside", provider="", namespace="mlops-platform"
    )
    reached = [rule["toFQDNs"] for rule in policy.inputs["spec"]["egress"] if "toFQDNs" in rule]
    assert reached == [[{"matchName": "id.example.com"}]]
