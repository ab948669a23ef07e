from __future__ import annotations

from components.cluster.node_security import NodeSecurity, NodeSecurityArgs, group_tags
from components.cluster.vpc import private_tags
from tests.aws_cluster import PLACE, VPC, declared, of_type


def test_only_members_of_the_group_come_in() -> None:
    made = declared(lambda opts: NodeSecurity("east-s", NodeSecurityArgs(place=PLACE, vpc_id=VPC), opts))
    (rule,) = of_type(made, "SecurityGroupIngressRule")
    assert rule.inputs["referencedSecurityGroupId"] == rule.inputs["securityGroupId"]
    assert "cidrIpv4" not in rule.inputs


def test_karpenter_finds_the_group_as_it_finds_the_subnets() -> None:
    key = "karpenter.sh/discovery"
    assert group_tags(PLACE)[key] == private_tags(PLACE, "eu-central-1a")[key]


def test_the_load_balancer_controller_knows_it_for_the_nodes() -> None:
    assert group_tags(PLACE)["kubernetes.io/cluster/east"] == "owned"
