"""Controls AW: for each one documents that break it and documents that do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

import pytest
from controls.aws.control_plane import GOOD as CLUSTER
from controls.aws.networks import has_metadata, is_internet
from controls.aws.nodes import GOOD as TEMPLATE
from controls.aws.policy_documents import is_tls_only, statements
from controls.aws.service_accounts import GOOD as TRUST
from controls.configuration import Configuration
from controls.fields import Unproved, fields
from controls.item import Item
from controls.judge import Judge
from controls.stack import Stack

from tests.policy_packs.control_pairs import found, resource

INSTANCE = "aws:ec2/instance:Instance"
GROUP = "aws:eks/nodeGroup:NodeGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
FIREWALL = "aws:ec2/securityGroup:SecurityGroup"
V2: Final = "metadataOptions: {httpTokens: required, httpPutResponseHopLimit: 1}"
DISK: Final = "rootBlockDevice: {encrypted: true}"


def node_class(spec: str) -> str:
    return f"apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {{name: n}}\nspec: {{{spec}}}\n"


def egress(rule: str, *, kind: str = "NetworkPolicy", version: str = "networking.k8s.io/v1") -> str:
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: n}}\nspec: {{egress: [{rule}]}}\n"


def cilium(rule: str) -> str:
    return egress(rule, kind="CiliumNetworkPolicy", version="cilium.io/v2")


def specs(rule: str, *, kind: str = "CiliumNetworkPolicy") -> str:
    return f"apiVersion: cilium.io/v2\nkind: {kind}\nmetadata: {{name: n}}\nspecs: [{{}}, {{egress: [{rule}]}}]\n"


def rights(statement: Mapping[str, object], *, type_: str = "aws:iam/policy:Policy") -> str:
    policy = json.dumps({"Statement": {"Effect": "Allow", **statement}})
    return resource(type_, f"{{policy: '{policy}'}}")


def rule(fields_: str) -> str:
    return resource(INGRESS, f"{{ipProtocol: tcp, {fields_}}}")


ANYWHERE = "cidrIpv4: 0.0.0.0/0"
READ = {"Action": ["s3:GetObject"], "Resource": "*"}

BAD = [
    ("AW-01", CLUSTER.replace("endpointPrivateAccess: true", "endpointPrivateAccess: false")),
    ("AW-01", CLUSTER.replace("endpointPublicAccess: false", "endpointPublicAccess: true")),
    ("AW-01", CLUSTER.replace("endpointPublicAccess: false", "publicAccessCidrs: ['::/0']")),
    ("AW-01", CLUSTER.replace("endpointPublicAccess: false", "publicAccessCidrs: !unknown ''")),
    ("AW-01", CLUSTER.replace("resources: [secrets]", "resources: []")),
    ("AW-01", CLUSTER.replace("provider: {keyArn", "provider: {other")),
    ("AW-01", CLUSTER.replace("audit, ", "")),
    ("AW-01", CLUSTER.replace("[api, audit, authenticator, controllerManager, scheduler]", "7")),
    ("AW-01", CLUSTER.replace('"1.36"', '"1.29"')),
    ("AW-01", CLUSTER.replace('"1.36"', "!unknown ''")),
    ("AW-02", TEMPLATE.replace("required", "optional")),
    ("AW-02", TEMPLATE.replace("required", "!unknown ''")),
    ("AW-02", TEMPLATE.replace('encrypted: "true"', 'encrypted: "false"')),
    ("AW-02", TEMPLATE.replace("blockDeviceMappings", "other")),
    ("AW-02", TEMPLATE + "  networkInterfaces: [{associatePublicIpAddress: 'true'}]\n"),
    ("AW-02", resource(INSTANCE, f"{{{V2}}}")),
    ("AW-02", resource(INSTANCE, f"{{{DISK}}}")),
    ("AW-02", resource(INSTANCE, f"{{{V2}, {DISK}, associatePublicIpAddress: true}}")),
    ("AW-02", resource(GROUP, "{}")),
    ("AW-02", resource(GROUP, "{launchTemplate: {id: a}, remoteAccess: {ec2SshKey: k}}")),
    ("AW-02", node_class("metadataOptions: {httpPutResponseHopLimit: 2}")),
    ("AW-02", node_class("metadataOptions: 7")),
    ("AW-02", node_class("blockDeviceMappings: [{ebs: {encrypted: false}}]")),
    ("AW-02", node_class("associatePublicIPAddress: true")),
    ("AW-02", egress("{to: [{ipBlock: {cidr: 169.254.0.0/16}}]}")),
    ("AW-02", egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}")),
    ("AW-02", egress("{to: [{ipBlock: {cidr: !unknown ''}}]}")),
    ("AW-02", cilium("{toCIDR: [169.254.169.254/32]}")),
    ("AW-02", cilium("{toCIDRSet: [{cidr: 0.0.0.0/0}]}")),
    ("AW-02", specs("{toCIDRSet: [{cidr: 0.0.0.0/0}]}")),
    ("AW-02", specs("{toCIDR: [169.254.169.254/32]}", kind="CiliumClusterwideNetworkPolicy")),
    ("AW-02", cilium("{toCIDR: [10.0.0.0/8]}") + "specs: [{egress: [{toCIDR: [169.254.169.254/32]}]}]\n"),
    ("AW-03", rights({"Action": "*", "Resource": "*"})),
    ("AW-03", rights({"Action": ["s3:GetObject", "*"], "Resource": "*"}, type_="aws:iam/rolePolicy:RolePolicy")),
    ("AW-03", rights({"NotAction": "iam:*", "Resource": "*"})),
    ("AW-03", resource("aws:iam/userPolicy:UserPolicy", "{policy: !unknown ''}")),
    ("AW-03", resource("aws:iam/policy:Policy", "{policy: nonsense}")),
    ("AW-03", resource("aws:iam/role:Role", "{managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']}")),
    ("AW-03", resource("aws:iam/role:Role", "{inlinePolicies: [{policy: '{\"Statement\": [{\"Action\": \"*\"}]}'}]}")),
    (
        "AW-03",
        resource(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "{policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess'}",
        ),
    ),
    ("AW-03", rule(f"{ANYWHERE}, fromPort: 22, toPort: 22")),
    ("AW-03", rule(f"{ANYWHERE}, fromPort: 443, toPort: 443")),
    ("AW-03", rule("cidrIpv6: '::/0', fromPort: 22, toPort: 22")),
    ("AW-03", rule("cidrIpv4: !unknown '', fromPort: 22, toPort: 22")),
    ("AW-03", resource(FIREWALL, "{ingress: [{protocol: '-1', cidrBlocks: [0.0.0.0/0]}]}")),
    ("AW-03", resource(FIREWALL, "{ingress: 7}")),
    ("AW-03", resource("aws:ec2/securityGroupRule:SecurityGroupRule", "{type: ingress, cidrBlocks: [0.0.0.0/1]}")),
    ("AW-04", TRUST.replace("system:serviceaccount:team:app", "system:serviceaccount:team:*")),
    ("AW-04", TRUST.replace("system:serviceaccount:team:app", "system:serviceaccount:other:app")),
    ("AW-04", TRUST.replace("system:serviceaccount:team:app", "!unknown ''")),
    ("AW-04", TRUST.replace("sts.amazonaws.com", "anybody")),
    ("AW-04", TRUST.replace('id/1:sub": system:serviceaccount:team:app', 'id/1:other": x')),
    ("AW-04", TRUST.replace("StringEquals", "StringLike")),
    ("AW-04", TRUST.replace("role/app", "role/other")),
]  # fmt: skip

GOOD = [
    ("AW-01", CLUSTER),
    ("AW-01", CLUSTER.replace("endpointPublicAccess: false", "publicAccessCidrs: [203.0.113.0/24]")),
    ("AW-02", TEMPLATE),
    ("AW-02", resource(INSTANCE, f"{{{V2}, {DISK}}}")),
    ("AW-02", resource(GROUP, "{launchTemplate: {id: !unknown ''}}")),
    ("AW-02", node_class("role: nodes")),
    ("AW-02", egress("{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}")),
    (
        "AW-02",
        egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}, {podSelector: {}}]}"),
    ),
    ("AW-02", cilium("{toCIDRSet: [{cidr: 0.0.0.0/0, except: [169.254.0.0/16]}, {cidrGroupRef: a}]}")),
    ("AW-02", specs("{toCIDR: [10.0.0.0/8]}")),
    ("AW-03", rights(READ)),
    ("AW-03", rights({"Effect": "Deny", "Action": "*", "Resource": "*"})),
    ("AW-03", rule("cidrIpv4: 10.0.0.0/8, fromPort: 22, toPort: 22")),
    ("AW-03", rule("referencedSecurityGroupId: sg-1, fromPort: 22, toPort: 22")),
    (
        "AW-03",
        resource("aws:ec2/securityGroupRule:SecurityGroupRule", "{type: egress, cidrBlocks: [0.0.0.0/0]}"),
    ),
    ("AW-03", resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "{ingress: []}")),
    ("AW-04", TRUST),
    (
        "AW-04",
        TRUST.replace("system:serviceaccount:team:app", "system:serviceaccount:other:app")
        + "- {apiVersion: helm.sh/v4, kind: Chart, namespace: other}\n",
    ),
    ("AW-04", resource("aws:iam/role:Role", "{assumeRolePolicy: !unknown ''}")),
    ("AW-04", TRUST.replace("Federated", "Service").replace("oidc-provider/", "")),
]


@pytest.mark.parametrize(("control", "text"), BAD)
def test_what_breaks_a_control_is_found(control: str, text: str) -> None:
    assert found(control, text)


@pytest.mark.parametrize(("control", "text"), GOOD)
def test_what_meets_a_control_is_left_alone(control: str, text: str) -> None:
    assert found(control, text) == []


@pytest.mark.parametrize(("last_port", "hits"), [(443, 0), (444, 1)])
def test_the_internet_reaches_443_of_the_gateway_alone(last_port: int, hits: int) -> None:
    text = rule(f"{ANYWHERE}, fromPort: 443, toPort: {last_port}")
    assert len(found("AW-03", text, gatewaySecurityGroups=["it"])) == hits


@pytest.mark.parametrize(("open_", "hits"), [(True, 1), (False, 0), (Unproved.UNKNOWN, 1)])
def test_nodes_go_to_no_subnet_that_gives_public_addresses(open_: object, hits: int) -> None:
    subnet = Item(
        kind="aws:ec2/subnet:Subnet", fields=fields({"mapPublicIpOnLaunch": open_}), resource="private-a"
    )
    group = Item(
        kind=GROUP,
        fields=fields({"launchTemplate": {"id": "a"}}),
        dependencies=MappingProxyType({"subnetIds": ("private-a",)}),
    )
    findings = Judge(Configuration(), date.min).stack(Stack([subnet, group])).findings
    assert len([one for one in findings if one.control == "AW-02"]) == hits


@pytest.mark.parametrize(
    ("cidr", "internet", "metadata"),
    [
        ("0.0.0.0/0", True, True),
        ("::/0", True, True),
        ("10.0.0.0/8", False, False),
        ("169.254.169.254/32", False, True),
        ("fd00:ec2::/64", False, True),
        ("nonsense", True, True),
        (7, True, True),
    ],
)
def test_a_range_is_judged_by_what_is_in_it(cidr: object, internet: bool, metadata: bool) -> None:
    assert (is_internet(cidr), has_metadata(cidr)) == (internet, metadata)


def test_a_policy_document_is_read_as_text_and_as_a_mapping() -> None:
    document = {
        "Statement": {"Effect": "Allow", "Action": "a:b", "Principal": {"AWS": ["x", "y"], "Service": "z"}}
    }
    for given in (document, json.dumps(document)):
        (statement,) = statements(given)
        assert statement.listed("Action") == ("a:b",)
        assert statement.principals == ("x", "y", "z")
        assert not is_tls_only(statement)
