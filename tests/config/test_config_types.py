from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from config import types


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("value", ["a", "east", "mlops-dev", "a" * 63, "x1"])
def test_a_dns_label_of_kubernetes_is_accepted(value: str) -> None:
    assert accepts(types.DnsLabel, value)


@pytest.mark.parametrize("value", ["", "-a", "a-", "A", "1a", "a.b", "a_b", "a" * 64, "a\n", "ü", 1, None])
def test_what_kubernetes_refuses_as_a_name_is_refused(value: object) -> None:
    assert not accepts(types.DnsLabel, value)


def test_a_cluster_name_may_have_as_many_characters_as_cilium_allows_and_no_more() -> None:
    assert accepts(types.ClusterName, "c" * 32)
    assert not accepts(types.ClusterName, "c" * 33)


@pytest.mark.parametrize("value", ["10.0.0.0/8", "10.12.0.0/14", "192.168.4.0/24", "100.64.0.0/16"])
def test_a_routable_range_is_accepted_for_pods(value: str) -> None:
    assert accepts(types.PodCidr, value)


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("10.0.0.0", "add a prefix length"),
        ("10.0.1.0/16", "did you mean '10.0.0.0/16'?"),
        ("10.0.0.0/25", "between /8 and /24"),
        ("10.0.0.0/7", "between /8 and /24"),
        ("127.0.0.0/8", "hosts route to each other"),
        ("169.254.0.0/16", "hosts route to each other"),
        ("224.0.0.0/16", "hosts route to each other"),
        ("240.0.0.0/16", "hosts route to each other"),
        ("10.0.0.0/255.255.0.0", "did you mean '10.0.0.0/16'?"),
        ("10.0.0.256/16", "such as '10.0.0.0/16'"),
        ("fd00::/48", "use an IPv4 range"),
        ("", "use an IPv4 range"),
    ],
)
def test_an_unusable_range_is_refused_with_what_would_be_right(value: str, remedy: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(types.PodCidr).validate_python(value)
    assert remedy in refused.value.errors()[0]["msg"]


def test_a_service_range_may_not_be_wider_than_the_api_server_takes() -> None:
    assert accepts(types.ServiceCidr, "10.0.0.0/12")
    assert not accepts(types.ServiceCidr, "10.0.0.0/11")


@given(
    address=st.ip_addresses(v=4, network="10.0.0.0/8"),
    prefix=st.integers(min_value=0, max_value=32),
)
@settings(deadline=None, database=None)
def test_a_range_is_accepted_exactly_in_its_canonical_form_and_bounds(address: Any, prefix: int) -> None:
    host_bits = int(address) & ((1 << (32 - prefix)) - 1)
    assert accepts(types.PodCidr, f"{address}/{prefix}") == (host_bits == 0 and 8 <= prefix <= 24)


@pytest.mark.parametrize("value", ["0", "4", "500m", "1.5", "16Gi", "2T"])
def test_a_kubernetes_quantity_stays_as_written(value: str) -> None:
    assert TypeAdapter(types.Quantity).validate_python(value) == value


def test_a_bare_whole_number_is_a_quantity_as_in_kubernetes_manifests() -> None:
    assert TypeAdapter(types.Quantity).validate_python(4) == "4"


@pytest.mark.parametrize("value", [-1, True, 1.5, "-1", "4 Gi", "4GiB", "many", "", "4gi", None, "٤"])
def test_what_is_no_quantity_is_refused(value: object) -> None:
    assert not accepts(types.Quantity, value)


@pytest.mark.parametrize(
    "value", ["https://id.example.com", "https://id.example.com:8443/realms/mlops", "https://keycloak/"]
)
def test_an_https_address_is_accepted(value: str) -> None:
    assert accepts(types.HttpsUrl, value)


@pytest.mark.parametrize(
    "value",
    [
        "http://id.example.com",
        "https://user:password@id.example.com",
        "https://*.example.com",
        "https://id.example.com/?a=b",
        "https://id.example.com/#a",
        "https://",
        "id.example.com",
    ],
)
def test_an_address_without_tls_or_with_credentials_or_wildcards_is_refused(value: str) -> None:
    assert not accepts(types.HttpsUrl, value)


@pytest.mark.parametrize("value", ["nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "nvidia.com/mig-1g.10gb.me"])
def test_an_extended_resource_is_accepted(value: str) -> None:
    assert accepts(types.ResourceName, value)


@pytest.mark.parametrize("value", ["gpu", "nvidia/gpu", "nvidia.com/", "nvidia.com/mig-1g.10gb+me"])
def test_a_resource_that_no_node_could_offer_is_refused(value: str) -> None:
    assert not accepts(types.ResourceName, value)


@pytest.mark.parametrize("value", ["0", 0, -1, 1.0, True, "1", None])
def test_a_number_is_never_made_out_of_something_else(value: object) -> None:
    assert not accepts(types.PositiveCount, value)


def test_the_smallest_and_largest_port_are_accepted_and_no_other_number() -> None:
    assert [accepts(types.Port, port) for port in (0, 1, 65535, 65536)] == [False, True, True, False]


@pytest.mark.parametrize("value", ["eu-central-1", "us-gov-west-1", "ap-southeast-2"])
def test_an_aws_region_is_accepted(value: str) -> None:
    assert accepts(types.AwsRegion, value)


@pytest.mark.parametrize("value", ["lab", "eu-central", "EU-central-1", "eu-central-1a"])
def test_what_is_no_aws_region_is_refused(value: str) -> None:
    assert not accepts(types.AwsRegion, value)


@pytest.mark.parametrize("value", ["ab", "A-bucket", "a.b.c", "-abc", "a" * 64])
def test_a_bucket_name_that_s3_or_tls_refuses_is_refused(value: str) -> None:
    assert not accepts(types.BucketName, value)
