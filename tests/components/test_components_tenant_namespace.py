from __future__ import annotations

from typing import Any

import pytest

from components.isolation.tenant_namespace import limit_range, resource_quota, service_account, tenant_labels
from components.manifest import NamespaceRef
from config.tenants import ContainerDefaults, Quota, TenantSettings

TEAM = NamespaceRef(name="team", ready="team")


def quota(gpus: dict[str, int], offered: set[str]) -> dict[str, Any]:
    settings = Quota(cpu="8", memory="16Gi", storage="1Ti", pods=20, gpus=gpus)
    hard: dict[str, Any] = resource_quota(settings, offered, TEAM, {})["spec"]["hard"]
    return hard


def test_a_gpu_resource_that_is_offered_but_not_granted_is_bounded_at_zero() -> None:
    hard = quota({"nvidia.com/mig-1g.10gb": 4}, {"nvidia.com/mig-1g.10gb", "nvidia.com/mig-3g.40gb"})
    assert hard["requests.nvidia.com/mig-1g.10gb"] == "4"
    assert hard["requests.nvidia.com/mig-3g.40gb"] == "0"


def test_whole_gpus_are_bounded_even_in_a_cluster_without_gpus() -> None:
    assert quota({}, set())["requests.nvidia.com/gpu"] == "0"


def test_a_grant_counts_even_where_no_pool_offers_the_resource_yet() -> None:
    assert quota({"nvidia.com/gpu.shared": 2}, set())["requests.nvidia.com/gpu.shared"] == "2"


def test_everything_that_the_settings_bound_is_in_the_quota() -> None:
    hard = quota({}, set())
    assert (hard["requests.cpu"], hard["requests.memory"]) == ("8", "16Gi")
    assert (hard["requests.storage"], hard["pods"]) == ("1Ti", "20")


@pytest.mark.parametrize("way_in", ["services.nodeports", "services.loadbalancers"])
def test_no_tenant_can_open_a_way_in_beside_the_gateway(way_in: str) -> None:
    assert quota({}, set())[way_in] == "0"


def test_a_container_that_states_nothing_gets_the_tenants_requests_and_limits() -> None:
    defaults = ContainerDefaults(cpu_request="1", memory_request="2Gi", cpu_limit="3", memory_limit="4Gi")
    (limit,) = limit_range(defaults, TEAM, {})["spec"]["limits"]
    assert limit == {
        "type": "Container",
        "defaultRequest": {"cpu": "1", "memory": "2Gi"},
        "default": {"cpu": "3", "memory": "4Gi"},
    }


def test_a_service_account_mounts_no_token() -> None:
    assert service_account("workload", TEAM, {})["automountServiceAccountToken"] is False


def test_the_namespace_says_whose_it_is_and_what_for() -> None:
    tenant = TenantSettings(
        name="team",
        purpose="training",
        team="vision",
        cost_center="cc-7",
        environment="dev",
        quota=Quota(cpu="8", memory="16Gi", storage="1Ti", pods=20),
    )
    labels = tenant_labels(tenant)
    assert labels["team"] == "vision"
    assert labels["cost-center"] == "cc-7"
    assert labels["mlops.platform/tenant-purpose"] == "training"
