"""AW-02. Sources: CKV_AWS_79 and 341; CIS EKS 5.4.3; kubescape C-0052; Karpenter EC2NodeClass, whose defaults are
IMDSv2 with one hop and encrypted disks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controls.aws.networks import has_metadata
from controls.control import Control, Severity
from controls.fields import Fields, seen
from controls.item import Item
from controls.network.policies import CILIUM, CILIUM_CLUSTERWIDE, NETWORK_POLICY, cilium_specs
from controls.settings import Settings
from controls.stack import Stack

_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_INSTANCE: Final = "aws:ec2/instance:Instance"
_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_CLASS: Final = "EC2NodeClass.karpenter.k8s.aws"
_ON: Final = (True, "true")


def check(item: Item, _: Settings) -> Iterator[str]:
    if item.type == _TEMPLATE:
        yield from _metadata(item.fields, needed=True)
        yield from _disks(item.fields, needed=True)
        for index, interface in enumerate(item.fields.entries("networkInterfaces")):
            yield from _address(f"networkInterfaces[{index}].", interface.value("associatePublicIpAddress"))
    elif item.type == _INSTANCE:
        yield from _metadata(item.fields, needed=True)
        if item.fields.section("rootBlockDevice").value("encrypted") not in _ON:
            yield "rootBlockDevice.encrypted is not true; set it"
        yield from _address("", item.fields.value("associatePublicIpAddress"))
    elif item.type == _CLASS:
        yield from _metadata(item.spec, needed=False)
        yield from _disks(item.spec, needed=False)
        yield from _address("", item.spec.value("associatePublicIPAddress"))
    elif item.type == _GROUP:
        yield from _group(item.fields)
    else:
        yield from _policy(item)


def check_stack(stack: Stack, _: Settings) -> Iterator[tuple[Item, str]]:
    public = {
        one.resource
        for one in stack.of(_SUBNET)
        if one.fields.value("mapPublicIpOnLaunch") not in (None, False)
    }
    for group in stack.of(_GROUP):
        if public & set(group.dependencies.get("subnetIds", ())):
            yield group, "has a subnet that gives nodes public addresses; use private ones"


def _metadata(node: Fields, *, needed: bool) -> Iterator[str]:
    options = node.section("metadataOptions")
    for key, right in (("httpTokens", "required"), ("httpPutResponseHopLimit", 1)):
        value = options.value(key)
        if value != right and (needed or value is not None):
            yield f"metadataOptions.{key} {seen(value)}; set it to {right}"


def _disks(node: Fields, *, needed: bool) -> Iterator[str]:
    disks = node.entries("blockDeviceMappings")
    if needed and not disks:
        yield "blockDeviceMappings are not set; write the root volume, encrypted"
    for index, disk in enumerate(disks):
        ebs = disk.section("ebs")
        if disk.value("ebs") is not None and ebs.value("encrypted") not in (_ON if needed else (*_ON, None)):
            yield f"blockDeviceMappings[{index}].ebs.encrypted is not true; set it"


def _address(where: str, value: object) -> Iterator[str]:
    if value not in (None, False, "false"):
        yield f"{where}associatePublicIpAddress {seen(value)}; nodes belong into private subnets"


def _group(group: Fields) -> Iterator[str]:
    if group.value("launchTemplate") is None:
        yield "launchTemplate is not set, so nodes answer metadata over two hops; name one"
    access = group.section("remoteAccess")
    if access.value("ec2SshKey") is not None and not access.values("sourceSecurityGroupIds"):
        yield "remoteAccess opens SSH to the internet; remove it"


def _policy(policy: Item) -> Iterator[str]:
    """No way out of a pod may lead to the metadata address."""
    for spec in (policy.spec,) if policy.type == NETWORK_POLICY else cilium_specs(policy):
        for index, rule in enumerate(spec.entries("egress")):
            for cidr, left_out in _ranges(policy, rule):
                if has_metadata(cidr) and not _leaves_out_metadata(left_out):
                    yield f"egress[{index}] reaches the metadata address 169.254.169.254; leave it out"


def _leaves_out_metadata(ranges: tuple[object, ...]) -> bool:
    return any(isinstance(one, str) and has_metadata(one) for one in ranges)


def _ranges(policy: Item, rule: Fields) -> Iterator[tuple[object, tuple[object, ...]]]:
    """Each range that a rule opens, with what it leaves out."""
    if policy.type == NETWORK_POLICY:
        blocks = [one.section("ipBlock") for one in rule.entries("to") if one.value("ipBlock") is not None]
    else:
        blocks = list(rule.entries("toCIDRSet"))
        yield from ((one, ()) for one in rule.values("toCIDR"))
    for block in blocks:
        if block.value("cidr") is not None:
            yield block.value("cidr"), block.values("except")


_REST = """\
  blockDeviceMappings: [{deviceName: /dev/xvda, ebs: {encrypted: "true"}}]
  metadataOptions:
    httpTokens: required
"""

BAD = f"""\
type: {_TEMPLATE}
name: system
properties:
{_REST}    httpPutResponseHopLimit: 2
"""

GOOD = f"""\
type: {_TEMPLATE}
name: system
properties:
{_REST}    httpPutResponseHopLimit: 1
"""

CONTROL = Control(
    id="AW-02",
    title=(
        "Nodes: private subnets, IMDSv2 required with hop limit 1, encrypted root volume; pods cannot reach the "
        "metadata address"
    ),
    severity=Severity.CRITICAL,
    anchors=("CKV_AWS_79", "CKV_AWS_341", "CIS EKS 5.4.3", "C-0052"),
    why="A pod that reaches the metadata address takes the credentials of its node, and with them the cluster.",
    fix="Require IMDSv2 with one hop, encrypt the disks, keep nodes private, and open no egress to the address.",
    bad=BAD,
    good=GOOD,
    kinds=(_TEMPLATE, _INSTANCE, _GROUP, _CLASS, NETWORK_POLICY, CILIUM, CILIUM_CLUSTERWIDE),
    check=check,
    check_stack=check_stack,
)
