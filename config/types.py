"""Domain types of the settings: each refuses what its system would refuse, and says what would be right."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class Settings(BaseModel):
    """Base of every section: frozen, unknown keys refused, camelCase in YAML and snake_case in Python."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        validate_default=True,
        use_attribute_docstrings=True,
        serialize_by_alias=True,
    )


def refusal(remedy: str, *, given: str | None = None, at: str = "") -> PydanticCustomError:
    """A validator's refusal. `remedy` says what would be right.

    `given` replaces the value in the message where the value alone would not explain the mistake; `at` is
    a path below the refused value (`sharing.profiles`) where that is more exact.
    """
    return PydanticCustomError("refused", "{remedy}", {"remedy": remedy, "given": given, "at": at})


def matching(pattern: str, remedy: str, *, longest: int, shortest: int = 1) -> Any:
    """Pydantic metadata for a string that matches `pattern` as a whole."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not shortest <= len(value) <= longest or compiled.fullmatch(value) is None:
            raise refusal(remedy)
        return value

    return (
        AfterValidator(check),
        Field(json_schema_extra={"pattern": f"^(?:{pattern})$", "minLength": shortest, "maxLength": longest}),
    )


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_START = r"[a-z]([-a-z0-9]*[a-z0-9])?"
_FQDN = rf"{_LABEL}(\.{_LABEL})+"

DnsLabel = Annotated[
    str,
    *matching(
        _LABEL_START,
        "use at most 63 lower-case letters, digits and '-', starting with a letter and not ending in '-'",
        longest=63,
    ),
]
"""A DNS label (RFC 1035) as Kubernetes wants it for namespaces, services and our logical names."""

ClusterName = Annotated[
    str,
    *matching(
        _LABEL_START,
        "use at most 32 lower-case letters, digits and '-', starting with a letter and not ending in '-'",
        longest=32,
    ),
]
"""A cluster's name: a DNS label of at most 32 characters, the limit of Cilium's ClusterMesh."""

LabelValue = Annotated[
    str,
    *matching(
        r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
        "use at most 63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
        longest=63,
    ),
]
"""A value that may stand in a Kubernetes label (teams and cost centres become labels)."""

Fqdn = Annotated[
    str,
    *matching(_FQDN, "use a host name with a dot, such as 'db.example.com'", longest=253, shortest=3),
]
"""A fully qualified host name in lower case."""

HttpsUrl = Annotated[
    str,
    *matching(
        rf"https://({_LABEL})(\.{_LABEL})*(:[0-9]{{1,5}})?(/[A-Za-z0-9._~/-]*)?",
        "use an https:// address without user, query or fragment, such as 'https://id.example.com/realms/x'",
        longest=2048,
    ),
]
"""An https address. http, credentials in the address and wildcards are refused."""

OciAddress = Annotated[
    str,
    *matching(
        rf"(oci|https)://({_LABEL})(\.{_LABEL})*(:[0-9]{{1,5}})?(/[A-Za-z0-9._~/-]*)?",
        "use an oci:// or https:// address, such as 'oci://registry.example.com/charts'",
        longest=2048,
    ),
]
"""Where charts are mirrored."""

BucketName = Annotated[
    str,
    *matching(
        r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "use 3 to 63 lower-case letters, digits and '-' (S3's rule for buckets, without dots)",
        longest=63,
        shortest=3,
    ),
]
"""An S3 bucket. Dots are refused: they break TLS for virtual-hosted addresses."""

ResourceName = Annotated[
    str,
    *matching(
        rf"{_FQDN}/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?",
        "use an extended resource such as 'nvidia.com/gpu' or 'nvidia.com/mig-1g.10gb'",
        longest=253,
    ),
]
"""An extended resource of a node."""

RegionName = Annotated[
    str,
    *matching(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "use a region such as 'eu-central-1' or 'lab-east'", longest=63
    ),
]
"""Where a cluster stands; it becomes the label `topology.kubernetes.io/region`."""

Authority = Annotated[str, Field(pattern=r"^-----BEGIN CERTIFICATE-----\n", max_length=65_536)]
"""PEM text of one or more certificates of authorities; public, so no secret."""

AwsRegion = Annotated[
    str,
    *matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", "use an AWS region such as 'eu-central-1'", longest=32),
]


AwsRole = Annotated[
    str,
    *matching(
        r"arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[\w+=,.@/-]+",
        "use the ARN of an IAM role, such as 'arn:aws:iam::123456789012:role/vault'",
        longest=2048,
    ),
]
"""An IAM role."""


def _cidr(widest: int) -> Any:
    def check(value: str) -> str:
        try:
            network = ipaddress.IPv4Network(value, strict=False)
        except ValueError:
            raise refusal("use an IPv4 range such as '10.0.0.0/16'") from None
        if "/" not in value:
            raise refusal("add a prefix length, such as '/16'")
        if str(network) != value:
            raise refusal(f"did you mean '{network}'?")
        if not widest <= network.prefixlen <= 24:
            raise refusal(f"use a prefix length between /{widest} and /24")
        if network.is_loopback or network.is_multicast or network.is_link_local or network.is_reserved:
            raise refusal("use a range that hosts route to each other, such as one below '10.0.0.0/8'")
        return value

    pattern = r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$"
    return (AfterValidator(check), Field(json_schema_extra={"pattern": pattern}))


PodCidr = Annotated[str, *_cidr(8)]
"""An IPv4 range between /8 and /24, written in its canonical form."""

ServiceCidr = Annotated[str, *_cidr(12)]
"""An IPv4 range between /12 and /24: kube-apiserver takes none wider."""


def _not_everybody(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError:
        raise refusal("use an IPv4 range in its canonical form, such as '198.51.100.0/24'") from None
    if network.prefixlen < 8:
        raise refusal("name the networks that need it: this one is the whole internet, or nearly")
    return value


SourceCidr = Annotated[str, AfterValidator(_not_everybody)]
"""Addresses that may connect; never everybody."""

_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")


def _quantity(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return value
    raise refusal("use a Kubernetes quantity such as '500m', '4' or '16Gi'")


Quantity = Annotated[
    str,
    BeforeValidator(_quantity, json_schema_input_type=str | int),
    Field(json_schema_extra={"pattern": f"^(?:{_QUANTITY.pattern})$"}),
]
"""A Kubernetes quantity. A bare YAML integer is one too, as in Kubernetes' own manifests."""

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Count = Annotated[int, Field(strict=True, ge=0)]
PositiveCount = Annotated[int, Field(strict=True, ge=1)]

MOST_NODES = 5000
"""Of a cluster (Kubernetes, "Considerations for large clusters"), so of a pool as well."""

NodeCount = Annotated[int, Field(strict=True, ge=0, le=MOST_NODES)]
