"""AW-03. Sources: CKV_AWS_62 and 63; CIS AWS Foundations, security groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from controls.aws.networks import is_internet
from controls.aws.policy_documents import listed, statements
from controls.control import Control, Severity
from controls.fields import Fields, Unproved, text
from controls.item import Item
from controls.settings import Settings

_POLICIES: Final = tuple(
    f"aws:iam/{name[0].lower()}{name[1:]}:{name}"
    for name in ("Policy", "RolePolicy", "UserPolicy", "GroupPolicy")
)
_ROLE: Final = "aws:iam/role:Role"
_ATTACHMENTS: Final = tuple(
    f"aws:iam/{name[0].lower()}{name[1:]}:{name}"
    for name in ("RolePolicyAttachment", "UserPolicyAttachment", "GroupPolicyAttachment", "PolicyAttachment")
)
_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aws:ec2/securityGroup:SecurityGroup": "ingress",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "ingress",
        "aws:ec2/securityGroupRule:SecurityGroupRule": "",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "",
    }
)
"""Types that let traffic in, with the input that lists their rules; none for one that is a rule."""

_HTTPS: Final = 443


def check(item: Item, settings: Settings) -> Iterator[str]:
    if item.type in _ATTACHMENTS:
        if text(item.fields.value("policyArn")).endswith(":policy/AdministratorAccess"):
            yield "policyArn is AdministratorAccess; attach the rights that are needed"
    elif item.type == _ROLE:
        for index, inline in enumerate(item.fields.entries("inlinePolicies")):
            yield from _policy(f"inlinePolicies[{index}].policy", inline.value("policy"))
        if any(
            text(one).endswith(":policy/AdministratorAccess")
            for one in item.fields.values("managedPolicyArns")
        ):
            yield "managedPolicyArns name AdministratorAccess; attach the rights that are needed"
    elif item.type in _POLICIES:
        yield from _policy("policy", item.fields.value("policy"))
    else:
        yield from _ingress(item, gateway=item.resource in settings.gateway_security_groups)


def _policy(where: str, policy: object) -> Iterator[str]:
    for index, one in enumerate(statements(policy)):
        if one.fields.unproved:
            yield f"{where} {one.fields.unproved.value}; write it out"
        elif one.allows and any(action in ("*", "*:*") for action in one.listed("Action")):
            yield f"{where}: statement {index + 1} allows every action; name those that are needed"
        elif one.allows and one.listed("NotAction"):
            yield f"{where}: statement {index + 1} allows all but some actions; name those that are needed"


def _ingress(group: Item, *, gateway: bool) -> Iterator[str]:
    key = _GROUPS[group.type]
    if not key and group.fields.value("type") not in (None, "ingress"):
        return
    rules = [(f"{key}[{index}]", one) for index, one in enumerate(group.fields.entries(key))] if key else []
    for where, rule in rules or ([] if key else [("the rule", group.fields)]):
        if any(is_internet(one) for one in _sources(rule)) and not (gateway and _is_https(rule)):
            yield f"{where} lets the internet in; name who may come; gatewaySecurityGroups may have 443"


def _sources(rule: Fields) -> Iterator[object]:
    for key in ("cidrBlocks", "ipv6CidrBlocks"):
        yield from rule.values(key)
    for key in ("cidrIpv4", "cidrIpv6"):
        yield from (one for one in listed(rule.value(key)) if one is not Unproved.MALFORMED)


def _is_https(rule: Fields) -> bool:
    protocol = rule.value("ipProtocol") or rule.value("protocol")
    return text(protocol).lower() in {"tcp", "6"} and rule.value("fromPort") == _HTTPS == rule.value("toPort")


BAD = f"""\
type: {_POLICIES[1]}
name: app
properties:
  policy: '{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}]}}'
"""

GOOD = f"""\
type: {_POLICIES[1]}
name: app
properties:
  policy: >-
    {{"Version": "2012-10-17", "Statement": [
      {{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"}}]}}
"""

CONTROL = Control(
    id="AW-03",
    title=(
        "No IAM statement with `*` action and resource; no security-group ingress from the internet but the "
        "gateway's 443"
    ),
    severity=Severity.CRITICAL,
    anchors=("CKV_AWS_62", "CKV_AWS_63"),
    why="Every action is the whole account, and an open port is everybody's first step to it.",
    fix="Name actions and resources; let the internet reach 443 of gatewaySecurityGroups alone.",
    bad=BAD,
    good=GOOD,
    kinds=(*_POLICIES, _ROLE, *_ATTACHMENTS, *_GROUPS),
    check=check,
)
