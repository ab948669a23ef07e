from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_kubernetes import Provider

from components.gpu.admission import GpuAdmission, GpuAdmissionArgs, offered_policy, purpose_policy
from config.gpu import PURPOSE_LABEL, node_taints
from config.gpu_pool import GpuPool
from config.tenants import TenantPurpose
from tests.components.cel import admits
from tests.recorder import run

OFFERED = offered_policy(["nvidia.com/gpu", "nvidia.com/mig-1g.10gb"], {})
PURPOSES: tuple[TenantPurpose, ...] = ("platform", "dev", "training", "serving")


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a"}], **spec}}


def asking(resource: str, *, group: str = "containers") -> dict[str, Any]:
    container = {"name": "b", "resources": {"limits": {"cpu": "1", resource: "1"}}}
    return pod(**{group: [{"name": "a", "resources": {}}, container]})


def passes(policy: dict[str, Any], given: dict[str, Any], operation: str = "CREATE") -> bool:
    resource = ("", "v1", "pods")
    return admits(policy, {"operation": operation, "resource": resource, "object": given, "userInfo": {}})


@pytest.mark.parametrize("group", ["containers", "initContainers"])
@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("nvidia.com/gpu", True),
        ("nvidia.com/mig-1g.10gb", True),
        ("nvidia.com/mig-1g.5gb", False),
        ("nvidia.com/gpu.shared", False),
        ("memory", True),
        ("example.com/fpga", True),
    ],
)
def test_a_pod_may_ask_for_what_some_pool_offers_and_for_no_other_slice(
    resource: str, expected: bool, group: str
) -> None:
    assert passes(OFFERED, asking(resource, group=group)) is expected


def test_a_pod_without_resources_may_pass() -> None:
    assert passes(OFFERED, pod())


def test_a_refusal_names_what_could_be_asked_for() -> None:
    (first, _) = OFFERED["spec"]["validations"]
    assert "nvidia.com/gpu, nvidia.com/mig-1g.10gb" in first["message"]


def tolerating(**toleration: str) -> dict[str, Any]:
    return pod(tolerations=[{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}, toleration])


def lands(purpose: TenantPurpose, on: str) -> bool:
    """Whether a tenant's pod may tolerate the purpose of a pool, in the words of the pool's own taint."""
    pool = GpuPool.model_validate(
        {"name": "p", "model": "L4-24GB", "purpose": on, "nodes": 1, "gpusPerNode": 1}
    )
    (taint,) = [one for one in node_taints(pool) if one["key"] == PURPOSE_LABEL]
    return passes(purpose_policy(purpose, {}), tolerating(operator="Equal", **taint))


def test_tenants_reach_the_pools_of_their_purpose_alone() -> None:
    found = {(purpose, on) for purpose in PURPOSES for on in ("dev", "training") if lands(purpose, on)}
    assert found == {("dev", "dev"), ("training", "training"), ("serving", "dev")}


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize(
    "everything",
    [
        {"operator": "Exists"},
        {"operator": "Exists", "effect": "NoSchedule"},
        {"key": "", "operator": "Exists"},
        {"key": PURPOSE_LABEL, "operator": "Exists"},
    ],
)
def test_nobody_tolerates_every_purpose(
    purpose: TenantPurpose, everything: dict[str, str], operation: str
) -> None:
    assert not passes(purpose_policy(purpose, {}), tolerating(**everything), operation)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_nobody_names_a_node_past_the_scheduler(purpose: TenantPurpose) -> None:
    bound = pod(nodeName="east-training-h100-1")
    assert not passes(purpose_policy(purpose, {}), bound)
    assert passes(purpose_policy(purpose, {}), bound, "UPDATE")


def test_a_pod_that_is_on_its_way_out_may_go() -> None:
    given = tolerating(operator="Exists")
    given["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert passes(purpose_policy("dev", {}), given, "UPDATE")


def test_every_tenant_purpose_is_bound_to_its_own_policy() -> None:
    def program() -> None:
        provider = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        opts = pulumi.ResourceOptions(provider=provider)
        GpuAdmission("east-admission", GpuAdmissionArgs(pools=[], labels={}), opts)

    made = {one.name: one.inputs for one in run(program).declarations}
    for purpose in PURPOSES:
        spec = made[f"east-admission-purpose-{purpose}-binding"]["spec"]
        assert spec["policyName"] == f"mlops-gpu-purpose-{purpose}"
        assert spec["validationActions"] == ["Deny", "Audit"]
        selected = spec["matchResources"]["namespaceSelector"]["matchLabels"]
        assert selected == {"mlops.platform/tenant-purpose": purpose}
    assert "matchResources" not in made["east-admission-offered-binding"]["spec"]
