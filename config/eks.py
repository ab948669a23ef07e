"""What only an EKS cluster has: its account, its VPC, who may enter, and what kind of nodes it buys."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.eks_pools import PoolCapacity
from config.gpu_pool import GpuPool
from config.types import AwsRole, DnsLabel, PodCidr, PositiveCount, Settings, SourceCidr, matching, refusal

_RFC1918 = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_SHARED = "100.64.0.0/10"
"""Addresses that are neither private nor public (RFC 6598)."""

AwsAccount = Annotated[
    str, *matching(r"[0-9]{12}", "use the account's 12 digits, in quotes", longest=12, shortest=12)
]
AwsZone = Annotated[
    str, *matching(r"[a-z]{2}(-[a-z]+)+-[0-9][a-z]", "use a zone such as 'eu-central-1a'", longest=32)
]
NodeType = Annotated[
    str, *matching(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "use an instance type such as 'm7i.xlarge'", longest=32)
]


def _vpc_range(value: str) -> str:
    network = ipaddress.IPv4Network(value)
    if not network.is_private:
        raise refusal("use a private range, such as '10.96.0.0/16'")
    if not 16 <= network.prefixlen <= 20:
        raise refusal("use a prefix length between /16 and /20")
    return value


VpcCidr = Annotated[PodCidr, AfterValidator(_vpc_range)]
"""A private range between /16 (the widest that EC2 takes) and /20."""


def _somebody(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        raise refusal("name at least the role that runs this program: nobody else could enter the cluster")
    if len(set(given)) != len(given):
        raise refusal("name each role once")
    return given


_LOG_DAYS = (90, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _kept(value: int) -> int:
    if value not in _LOG_DAYS:
        raise refusal(
            f"CloudWatch keeps logs for {', '.join(map(str, _LOG_DAYS[:-1]))} or {_LOG_DAYS[-1]} days"
        )
    return value


LogDays = Annotated[
    int, Field(strict=True, json_schema_extra={"enum": list(_LOG_DAYS)}), AfterValidator(_kept)
]
"""Days for which CloudWatch keeps logs; a quarter at least."""


class SystemNodes(Settings):
    """The managed node group that runs what the cluster itself needs, Karpenter first."""

    instance_types: Annotated[tuple[NodeType, ...], Field(min_length=1)] = ("m7i.xlarge", "m6i.xlarge")
    """Types to buy, the best first."""
    count: Annotated[int, Field(strict=True, ge=2, le=30)] = 3
    """Nodes; one for each zone is the least that outlives a zone."""
    disk_gib: Annotated[int, Field(strict=True, ge=20, le=16384)] = 100
    """Size of each node's disk."""


class AwsSettings(Settings):
    """An EKS cluster's place in AWS. Nothing here is asked of AWS at plan time."""

    account: AwsAccount
    """The account; with credentials of another one nothing is changed."""
    vpc_cidr: VpcCidr
    """Addresses of the VPC: nodes, endpoints and load balancers; pods have `network.podCidr`. May not overlap with any
    other network."""
    zones: tuple[AwsZone, AwsZone, AwsZone] | None = None
    """Three zones of the region; its `a`, `b` and `c` unless they are given. Their order can never change."""
    admins: Annotated[tuple[AwsRole, ...], AfterValidator(_somebody)]
    """IAM roles that administer the cluster: the one that runs this program, and break-glass. Nobody else
    enters by IAM; people log in at the realm."""
    api_sources: tuple[SourceCidr, ...] = ()
    """Routed networks (VPN, peers) from which the private API endpoint may be reached, besides the VPC."""
    public_api_sources: tuple[SourceCidr, ...] = ()
    """Addresses that may reach a public API endpoint. There is none unless this is given."""
    egress: Literal["none", "nat"] = "none"
    """The way out of the VPC. With `none` there is no route to the internet: nodes reach AWS by endpoints in the
    VPC, and every image has to come from ECR. `nat` adds a gateway in each zone."""
    log_days: LogDays = 365
    """How long the control plane's logs are kept; one of the numbers that CloudWatch takes."""
    system: SystemNodes = SystemNodes()
    """Nodes of the cluster itself."""
    general_cpus: PositiveCount = 256
    """Most CPUs of nodes without GPUs, which everything but GPU work and the cluster itself runs on."""
    pools: Mapping[DnsLabel, PoolCapacity] = Field(default_factory=dict)
    """How nodes of GPU pools are bought, by the pool's name; on demand for those that are left out."""

    def in_region(self, region: str) -> tuple[str, ...]:
        """The three zones."""
        return self.zones or tuple(f"{region}{letter}" for letter in "abc")

    def capacity_of(self, pool: GpuPool) -> PoolCapacity:
        """How its nodes are bought."""
        return self.pools.get(pool.name, PoolCapacity())


def check_zones(region: str, aws: AwsSettings) -> None:
    """Raises a refusal for zones that are not three of the region's."""
    given = aws.in_region(region)
    elsewhere = [zone for zone in given if not zone.startswith(region) or len(zone) != len(region) + 1]
    if elsewhere:
        raise refusal(f"use zones of {region}, such as '{region}a'", given=repr(elsewhere[0]), at="aws.zones")
    if len(set(given)) != len(given):
        raise refusal("use three different zones", given=", ".join(map(repr, given)), at="aws.zones")


def check_pod_range(pods: str, vpc: str) -> None:
    """Raises a refusal for pods' addresses that EC2 does not add to a VPC with that range ("IPv4 CIDR block
    association restrictions" in the VPC user guide)."""
    private = [one for one in _RFC1918 if _below(vpc, one)]
    allowed = [*private, _SHARED]
    if int(pods.partition("/")[2]) < 16:
        remedy = (
            "use a prefix length between /16 and /24: it becomes a range of the VPC, and EC2 takes none wider"
        )
    elif not any(_below(pods, one) for one in allowed):
        remedy = f"use a range below {' or '.join(allowed)}: EC2 adds no other one to a VPC with aws.vpcCidr {vpc!r}"
    elif _below(pods, "10.0.0.0/16") and _below(vpc, "10.0.0.0/15"):
        remedy = f"use a range outside of 10.0.0.0/16: EC2 adds none of it to a VPC with aws.vpcCidr {vpc!r}"
    else:
        return
    raise refusal(remedy, given=repr(pods), at="network.podCidr")


def check_service_range(cidr: str) -> None:
    """Raises a refusal for a range of services that EKS does not take."""
    if not any(_below(cidr, one) for one in _RFC1918):
        raise refusal(
            "use a range below 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16: EKS takes no other",
            given=repr(cidr),
            at="network.serviceCidr",
        )


def _below(cidr: str, block: str) -> bool:
    return ipaddress.IPv4Network(cidr).subnet_of(ipaddress.IPv4Network(block))
