from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from config.eks import AwsSettings, check_pod_range
from config.eks_pools import PoolCapacity, instance_types
from config.explain import problems_of
from config.gpu_pool import GpuPool
from config.schema import EksCluster, PlatformSettings
from config.source import Source

Data = dict[str, Any]
ADMIN = "arn:aws:iam::123456789012:role/deployer"


@pytest.fixture
def eks(data: Data) -> Data:
    """Valid settings whose first cluster is an EKS one with a pool of H100."""
    data["clusters"][0] |= {
        "kind": "eks",
        "region": "eu-central-1",
        "aws": {"account": "123456789012", "vpcCidr": "10.96.0.0/16", "admins": [ADMIN]},
    }
    return data


def changed(data: Data, path: str, value: Any) -> Data:
    *above, last = path.split(".")
    place: Any = data["clusters"][0]
    for part in above:
        place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
    place[last] = value
    return data


def refused(data: Data) -> list[tuple[str, str, str]]:
    found = problems_of(data, Source(file="x.yaml", lines={}))
    return [(one.key.removeprefix("settings.clusters[0]."), one.given, one.remedy) for one in found]


def cluster_of(data: Data) -> EksCluster:
    cluster = PlatformSettings.model_validate(data).clusters[0]
    assert isinstance(cluster, EksCluster)
    return cluster


def test_little_has_to_be_said(eks: Data) -> None:
    aws = cluster_of(eks).aws
    assert aws.in_region("eu-central-1") == ("eu-central-1a", "eu-central-1b", "eu-central-1c")
    assert (aws.egress, aws.public_api_sources, aws.system.count) == ("none", (), 3)


def test_a_pool_without_a_word_is_bought_on_demand_from_every_type_that_fits(eks: Data) -> None:
    cluster = cluster_of(eks)
    (pool,) = cluster.gpu_pools
    capacity = cluster.aws.capacity_of(pool)
    assert capacity == PoolCapacity()
    assert instance_types(pool, capacity) == ("p5.48xlarge",)


def test_zones_are_taken_as_they_are_given(eks: Data) -> None:
    zones = ["eu-central-1c", "eu-central-1a", "eu-central-1b"]
    assert cluster_of(changed(eks, "aws.zones", zones)).aws.in_region("eu-central-1") == tuple(zones)


@pytest.mark.parametrize(
    ("vpc", "pods", "taken"),
    [
        ("10.1.0.0/16", "10.0.0.0/20", False),
        ("10.1.0.0/16", "10.2.0.0/16", True),
        ("172.20.0.0/16", "172.24.0.0/16", True),
        ("172.20.0.0/16", "10.64.0.0/16", False),
    ],
)
def test_pods_have_a_range_that_ec2_adds_to_the_vpcs_own(vpc: str, pods: str, taken: bool) -> None:
    if taken:
        check_pod_range(pods, vpc)
    else:
        with pytest.raises(
            PydanticCustomError, match=f"outside of 10.0.0.0/16|below 172.16.0.0/12 or .* {vpc!r}"
        ):
            check_pod_range(pods, vpc)


MIG = {"strategy": "mig", "profiles": {"3g.40gb": 2}}
A100 = {"name": "a100", "model": "A100-80GB", "purpose": "dev", "nodes": 1, "gpusPerNode": 8, "sharing": MIG}

BAD: list[tuple[str, Any, str, str, str]] = [
    ("aws.account", "12345", "aws.account", "'12345'", "12 digits"),
    ("aws.vpcCidr", "10.96.0.0/24", "aws.vpcCidr", "10.96.0.0/24", "between /16 and /20"),
    ("aws.vpcCidr", "8.8.0.0/16", "aws.vpcCidr", "8.8.0.0/16", "private range"),
    (
        "aws.vpcCidr",
        "10.10.0.0/16",
        "aws.vpcCidr",
        "10.10.0.0/16",
        "overlaps with '10.10.0.0/16' of cluster 'east'",
    ),
    ("aws.admins", [], "aws.admins", "an empty list", "at least the role that runs"),
    ("aws.admins", ["arn:aws:iam::123456789012:user/x"], "aws.admins[0]", "user/x", "IAM role"),
    ("aws.admins", [ADMIN, ADMIN], "aws.admins", "a list", "each role once"),
    ("aws.publicApiSources", ["0.0.0.0/0"], "aws.publicApiSources[0]", "0.0.0.0/0", "name the networks"),
    ("aws.apiSources", ["10.240.0.1/16"], "aws.apiSources[0]", "10.240.0.1/16", "canonical form"),
    ("aws.egress", "natt", "aws.egress", "natt", "did you mean 'nat'"),
    ("aws.logDays", 30, "aws.logDays", "30", "365"),
    (
        "aws.zones",
        ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        "aws.zones",
        "eu-west-1a",
        "zones of eu-central-1",
    ),
    ("aws.zones", ["eu-central-1a"] * 3, "aws.zones", "eu-central-1a", "three different zones"),
    ("network.podCidr", "10.64.0.0/14", "network.podCidr", "10.64.0.0/14", "between /16 and /24"),
    ("network.podCidr", "172.16.0.0/16", "network.podCidr", "172.16.0.0/16", "10.0.0.0/8 or 100.64.0.0/10"),
    ("network.podCidr", "100.64.0.0/16", "", "", ""),
    ("network.serviceCidr", "100.64.0.0/16", "network.serviceCidr", "100.64.0.0/16", "EKS takes no other"),
    ("aws.pools", {"h10": {}}, "aws.pools.h10", "'h10'", "did you mean 'h100'"),
    ("aws.pools", {"h100": {"maxNodes": 0}}, "aws.pools.h100.maxNodes", "0", "at least 1"),
    ("gpuPools.0.nodes", 0, "aws.pools.h100.maxNodes", "not given", "scales from nothing"),
    ("gpuPools.0.nodes", 3, "", "", ""),
    (
        "aws.pools",
        {"h100": {"capacity": "reserved"}},
        "aws.pools.h100.reservations",
        "none",
        "ids of the reservations",
    ),
    (
        "aws.pools",
        {"h100": {"reservations": ["cr-0a"]}},
        "aws.pools.h100.reservations",
        "'cr-0a'",
        "set capacity to 'reserved'",
    ),
    (
        "gpuPools.0.gpusPerNode",
        4,
        "gpuPools[0].gpusPerNode",
        "4",
        "no instance has 4 of H100-80GB: use 1 or 8",
    ),
    ("gpuPools.0.model", "A30-24GB", "gpuPools[0].model", "A30-24GB", "EC2 has no instance with it"),
    (
        "aws.pools",
        {"h100": {"instanceTypes": ["p5.huge"]}},
        "aws.pools.h100.instanceTypes",
        "p5.huge",
        "use 'p5.48xlarge'",
    ),
    (
        "aws.pools",
        {"h100": {"instanceTypes": ["p5.4xlarge"]}},
        "aws.pools.h100.instanceTypes",
        "p5.4xlarge",
        "it has 1 GPUs, not 8",
    ),
    (
        "aws.pools",
        {"h100": {"instanceTypes": ["p4de.24xlarge"]}},
        "aws.pools.h100.instanceTypes",
        "p4de.24xlarge",
        "it has 8 of A100-80GB: use 'p5.48xlarge'",
    ),
]


@pytest.mark.parametrize(("path", "value", "key", "given", "remedy"), BAD, ids=lambda value: str(value)[:24])
def test_what_aws_would_refuse_is_refused_in_preview_with_the_key_and_what_would_be_right(
    eks: Data, path: str, value: Any, key: str, given: str, remedy: str
) -> None:
    found = refused(changed(eks, path, value))
    if not key:
        assert found == []
        return
    ((told, shown, advice),) = found
    assert told == key
    assert given in shown
    assert remedy in advice


def test_an_instance_type_without_the_mig_profile_asked_for_is_refused(eks: Data) -> None:
    eks["clusters"][0]["gpuPools"] = [A100]
    changed(eks, "aws.pools", {"a100": {"instanceTypes": ["p4d.24xlarge"]}})
    ((key, given, remedy),) = refused(eks)
    assert (key, given) == ("aws.pools.a100.instanceTypes", "given 'p4d.24xlarge'")
    assert "A100-40GB" in remedy
    assert "lack MIG profile '3g.40gb'" in remedy
    assert "'p4de.24xlarge'" in remedy


def test_a_limit_below_the_pools_size_is_refused(eks: Data) -> None:
    eks["clusters"][0]["gpuPools"][0]["nodes"] = 4
    changed(eks, "aws.pools", {"h100": {"maxNodes": 2}})
    ((key, _, remedy),) = refused(eks)
    assert (key, remedy) == ("aws.pools.h100.maxNodes", "use at least 4, the pool's nodes")


def test_the_vpcs_of_two_clusters_may_not_overlap(eks: Data) -> None:
    first = eks["clusters"][0]
    eks["clusters"][1] |= {
        "kind": "eks",
        "region": "us-east-1",
        "aws": first["aws"] | {"vpcCidr": "10.96.0.0/17"},
        "apiServer": {"url": "https://west.example.com"},
    }
    ((key, _, remedy),) = refused(eks)
    assert key == "settings.clusters[1].aws.vpcCidr"
    assert "of cluster 'east'" in remedy


def test_an_eks_cluster_without_its_place_in_aws_is_refused(eks: Data) -> None:
    del eks["clusters"][0]["aws"]
    ((key, given, _),) = refused(eks)
    assert (key, given) == ("aws", "not given")


@pytest.mark.parametrize("make", [AwsSettings.model_validate])
def test_nothing_is_asked_of_aws_to_read_the_settings(make: Callable[[Data], AwsSettings]) -> None:
    aws = make({"account": "123456789012", "vpcCidr": "10.96.0.0/16", "admins": [ADMIN]})
    pool = GpuPool.model_validate(A100)
    assert instance_types(pool, aws.capacity_of(pool)) == ("p4de.24xlarge",)
