from __future__ import annotations

import pulumi

from components.cluster.endpoints import SERVICES, Endpoints, EndpointsArgs, service_name
from components.cluster.place import Place
from tests.aws_cluster import PLACE, SUBNETS, VPC, declared, of_type
from tests.recorder import Declaration


def endpoints() -> dict[str, Declaration]:
    tables = {"eu-central-1a": "rtb-a", "eu-central-1b": "rtb-b"}
    return declared(
        lambda opts: Endpoints(
            "east-endpoints",
            EndpointsArgs(
                place=PLACE,
                vpc_id=VPC,
                cidrs={"nodes": "10.96.0.0/16", "pods": "10.64.0.0/16"},
                subnet_ids=SUBNETS,
                route_table_ids=pulumi.Output.from_input(tables),
            ),
            opts,
        )
    )


def test_what_a_private_cluster_and_karpenter_need_is_there() -> None:
    needed = {"ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "sqs", "ssm", "sts"}
    assert needed | {"autoscaling", "elasticloadbalancing"} == set(SERVICES)


def test_every_interface_answers_by_the_services_own_name_in_every_zone() -> None:
    interfaces = [
        one for one in of_type(endpoints(), "VpcEndpoint") if one.inputs["vpcEndpointType"] == "Interface"
    ]
    assert len(interfaces) == len(SERVICES)
    assert all(one.inputs["privateDnsEnabled"] and one.inputs["subnetIds"] == SUBNETS for one in interfaces)


def test_image_layers_come_by_a_gateway_in_every_route_table() -> None:
    (gateway,) = [one for one in of_type(endpoints(), "VpcEndpoint") if one.name.endswith("-s3")]
    assert gateway.inputs["vpcEndpointType"] == "Gateway"
    assert gateway.inputs["routeTableIds"] == ["rtb-a", "rtb-b"]


def test_only_nodes_and_pods_of_the_vpc_connect_and_only_by_https() -> None:
    rules = of_type(endpoints(), "SecurityGroupIngressRule")
    assert {one.inputs["cidrIpv4"] for one in rules} == {"10.96.0.0/16", "10.64.0.0/16"}
    assert {(one.inputs["fromPort"], one.inputs["toPort"]) for one in rules} == {(443, 443)}


def test_china_spells_some_services_in_its_own_way() -> None:
    china = Place(cluster="a", region="cn-north-1", account="123456789012")
    assert service_name(china, "ec2") == "cn.com.amazonaws.cn-north-1.ec2"
    assert service_name(PLACE, "ec2") == "com.amazonaws.eu-central-1.ec2"
