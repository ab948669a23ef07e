"""AW-01. Sources: CKV_AWS_37, 38, 39, 58; CIS EKS 2.1.1, 5.3.1, 5.4.1-5.4.2; the release calendar of EKS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controls.aws.networks import is_internet
from controls.control import Control, Severity
from controls.fields import Fields, Unproved, is_given, seen
from controls.item import Item
from controls.settings import Settings

_CLUSTER: Final = "aws:eks/cluster:Cluster"
_LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
OLDEST: Final = (1, 32)
"""The oldest release that EKS supports, extended support included (November 2026), and the target of SC-06."""


def check(cluster: Item, _: Settings) -> Iterator[str]:
    network = cluster.fields.section("vpcConfig")
    private = network.value("endpointPrivateAccess")
    if private is not True:
        yield f"vpcConfig.endpointPrivateAccess {seen(private)}; set it to true"
    if network.value("endpointPublicAccess") is not False:
        yield from _public(network)
    yield from _encryption(cluster.fields)
    written = cluster.fields.values("enabledClusterLogTypes")
    missing = [one for one in _LOGS if one not in written]
    if missing:
        yield f"enabledClusterLogTypes lack {', '.join(missing)}; write all five"
    version = cluster.fields.value("version")
    if version is not None and not _supported(version):
        yield f"version {version.value if isinstance(version, Unproved) else 'is not supported'}; use a later one"


def _public(network: Fields) -> Iterator[str]:
    """EKS opens the endpoint to the whole internet where nothing is said."""
    sources = network.values("publicAccessCidrs")
    if not sources or any(is_internet(one) for one in sources):
        yield "vpcConfig opens the API server to the internet; set endpointPublicAccess to false, or name CIDRs"


def _encryption(cluster: Fields) -> Iterator[str]:
    config = cluster.section("encryptionConfig")
    if "secrets" not in config.values("resources"):
        yield "encryptionConfig does not encrypt secrets; name a KMS key for them"
    elif not is_given(config.section("provider").value("keyArn")):
        yield "encryptionConfig.provider.keyArn is not set; name a KMS key"


def _supported(version: object) -> bool:
    found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})", version, re.ASCII) if isinstance(version, str) else None
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


_REST = """\
  version: "1.36"
  enabledClusterLogTypes: [api, audit, authenticator, controllerManager, scheduler]
  encryptionConfig: {provider: {keyArn: "arn:aws:kms:eu-central-1:123456789012:key/1"}, resources: [secrets]}
"""

BAD = f"""\
type: {_CLUSTER}
name: prod
properties:
  vpcConfig: {{endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: [0.0.0.0/0]}}
{_REST}"""

GOOD = f"""\
type: {_CLUSTER}
name: prod
properties:
  vpcConfig: {{endpointPrivateAccess: true, endpointPublicAccess: false}}
{_REST}"""

CONTROL = Control(
    id="AW-01",
    title=(
        "EKS: private endpoint on, public off or limited to named CIDRs; secrets encrypted by KMS; all five "
        "control-plane logs; supported version"
    ),
    severity=Severity.CRITICAL,
    anchors=(
        "CKV_AWS_37",
        "CKV_AWS_38",
        "CKV_AWS_39",
        "CKV_AWS_58",
        "CIS EKS 2.1.1",
        "CIS EKS 5.3.1",
        "CIS EKS 5.4",
    ),
    why="An open API server is one stolen token away from everybody, and without its logs nobody would know.",
    fix="Use the private endpoint, a KMS key for secrets, all five logs and a release that EKS supports.",
    bad=BAD,
    good=GOOD,
    kinds=(_CLUSTER,),
    check=check,
)
