"""From a declared AWS resource to the calls of AWS's API that make it, and what the API's own model says of them.

The model is botocore's. Its validator looks at names, types and lengths; enumerations and patterns are looked at
here, since AWS would refuse them as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from tests.recorder import Declaration

Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of an operation of a service."""

    service: str
    operation: str
    parameters: dict[str, Any]


def mistakes(call: Call) -> list[str]:
    """What AWS would say is wrong with the call's parameters."""
    shape = _operation(call).input_shape
    report = ParamValidator().validate(call.parameters, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return [
        f"{call.service}.{call.operation}: {text}" for text in (*found, *_values(shape, call.parameters, ""))
    ]


def calls(one: Declaration) -> list[Call]:
    """The calls that make the resource. Raises KeyError for a type that nobody wrote them down for."""
    return [Call(*call) for call in _CALLS[one.type](one.inputs)]


def _operation(call: Call) -> OperationModel:
    return _service(call.service).operation_model(call.operation)


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _values(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for key, item in value.items():
            if key in shape.members:
                yield from _values(shape.members[key], item, f"{path}.{key}")
    elif shape.type_name == "list":
        for item in value:
            yield from _values(shape.member, item, f"{path}[]")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(_python(pattern), value):
            yield f"{path}: {value!r} does not match {pattern}"


def _python(pattern: str) -> str:
    """Java's classes of characters, as far as AWS's patterns use them."""
    return re.sub(
        r"\\p\{(\w+)\}", lambda match: {"L": "A-Za-z", "Z": r"\s", "N": "0-9"}.get(match[1], ""), pattern
    )


def _upper(key: str) -> str:
    return key[0].upper() + key[1:]


def _pascal(value: Any) -> Any:
    """Nested inputs in EC2's own spelling."""
    if isinstance(value, Mapping):
        return {_upper(key): _pascal(item) for key, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


def _tags(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


def _tagged(kind: str, given: Inputs) -> dict[str, Any]:
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": _tags(given["tags"])}]}


def _subnet(given: Inputs) -> list[Any]:
    parameters = {
        "VpcId": given["vpcId"],
        "AvailabilityZone": given["availabilityZone"],
        "CidrBlock": given["cidrBlock"],
        **_tagged("subnet", given),
    }
    return [("ec2", "CreateSubnet", parameters)]


def _endpoint(given: Inputs) -> list[Any]:
    names = {
        "vpcId": "VpcId",
        "serviceName": "ServiceName",
        "vpcEndpointType": "VpcEndpointType",
        "privateDnsEnabled": "PrivateDnsEnabled",
        "subnetIds": "SubnetIds",
        "securityGroupIds": "SecurityGroupIds",
        "routeTableIds": "RouteTableIds",
    }
    parameters = {names[key]: value for key, value in given.items() if key != "tags"}
    return [("ec2", "CreateVpcEndpoint", parameters | _tagged("vpc-endpoint", given))]


def _group(given: Inputs) -> list[Any]:
    parameters = {"GroupName": given["name"], "Description": given["description"], "VpcId": given["vpcId"]}
    return [("ec2", "CreateSecurityGroup", parameters | _tagged("security-group", given))]


def _rule(operation: str) -> Callable[[Inputs], list[Any]]:
    def made(given: Inputs) -> list[Any]:
        permission: dict[str, Any] = {"IpProtocol": given["ipProtocol"]}
        if "fromPort" in given:
            permission |= {"FromPort": given["fromPort"], "ToPort": given["toPort"]}
        if "cidrIpv4" in given:
            permission["IpRanges"] = [{"CidrIp": given["cidrIpv4"], "Description": given["description"]}]
        else:
            permission["UserIdGroupPairs"] = [{"GroupId": given["referencedSecurityGroupId"]}]
        return [("ec2", operation, {"GroupId": given["securityGroupId"], "IpPermissions": [permission]})]

    return made


def _table(given: Inputs) -> list[Any]:
    return [("ec2", "CreateRouteTable", {"VpcId": given["vpcId"], **_tagged("route-table", given)})]


def _template(given: Inputs) -> list[Any]:
    interfaces = [
        {
            "DeviceIndex": one["deviceIndex"],
            "AssociatePublicIpAddress": one["associatePublicIpAddress"] == "true",
            "DeleteOnTermination": one["deleteOnTermination"] == "true",
            "Groups": one["securityGroups"],
        }
        for one in given["networkInterfaces"]
    ]
    disks = [
        {
            "DeviceName": one["deviceName"],
            "Ebs": {
                **_pascal(one["ebs"]),
                "Encrypted": one["ebs"]["encrypted"] == "true",
                "DeleteOnTermination": one["ebs"]["deleteOnTermination"] == "true",
            },
        }
        for one in given["blockDeviceMappings"]
    ]
    data = {
        "MetadataOptions": _pascal(given["metadataOptions"]),
        "NetworkInterfaces": interfaces,
        "BlockDeviceMappings": disks,
        "TagSpecifications": [
            {"ResourceType": one["resourceType"], "Tags": _tags(one["tags"])}
            for one in given["tagSpecifications"]
        ],
    }
    parameters = {"LaunchTemplateName": given["name"], "LaunchTemplateData": data}
    return [("ec2", "CreateLaunchTemplate", parameters)]


def _key(given: Inputs) -> list[Any]:
    return [("kms", "CreateKey", {"Description": given["description"], "Policy": given["policy"]})]


def _role(given: Inputs) -> list[Any]:
    parameters = {"RoleName": given["name"], "AssumeRolePolicyDocument": given["assumeRolePolicy"]}
    return [("iam", "CreateRole", parameters)]


def _rights(given: Inputs) -> list[Any]:
    parameters = {
        "RoleName": given["role"],
        "PolicyName": given["name"],
        "PolicyDocument": given["policy"],
    }
    return [("iam", "PutRolePolicy", parameters)]


def _attached(given: Inputs) -> list[Any]:
    return [("iam", "AttachRolePolicy", {"RoleName": given["role"], "PolicyArn": given["policyArn"]})]


def _profile(given: Inputs) -> list[Any]:
    name = {"InstanceProfileName": given["name"]}
    return [
        ("iam", "CreateInstanceProfile", name),
        ("iam", "AddRoleToInstanceProfile", name | {"RoleName": given["role"]}),
    ]


def _logs(given: Inputs) -> list[Any]:
    group = {"logGroupName": given["name"]}
    return [
        ("logs", "CreateLogGroup", group | {"kmsKeyId": given["kmsKeyId"]}),
        ("logs", "PutRetentionPolicy", group | {"retentionInDays": given["retentionInDays"]}),
    ]


def _queue(given: Inputs) -> list[Any]:
    attributes = {
        "MessageRetentionPeriod": str(given["messageRetentionSeconds"]),
        "SqsManagedSseEnabled": str(given["sqsManagedSseEnabled"]).lower(),
    }
    return [("sqs", "CreateQueue", {"QueueName": given["name"], "Attributes": attributes})]


def _target(given: Inputs) -> list[Any]:
    targets = [{"Id": given["targetId"], "Arn": given["arn"]}]
    return [("events", "PutTargets", {"Rule": given["rule"], "Targets": targets})]


def _cluster(given: Inputs) -> list[Any]:
    names = {"vpcConfig": "resourcesVpcConfig"}
    parameters = {names.get(key, key): value for key, value in given.items()}
    kinds = parameters.pop("enabledClusterLogTypes")
    return [
        (
            "eks",
            "CreateCluster",
            {
                **parameters,
                "logging": {"clusterLogging": [{"types": kinds, "enabled": True}]},
                "encryptionConfig": [parameters["encryptionConfig"]],
            },
        )
    ]


def _nodes(given: Inputs) -> list[Any]:
    names = {"nodeGroupName": "nodegroupName", "nodeRoleArn": "nodeRole", "subnetIds": "subnets"}
    return [("eks", "CreateNodegroup", {names.get(key, key): value for key, value in given.items()})]


def _addon(given: Inputs) -> list[Any]:
    parameters = {key: value for key, value in given.items() if not key.startswith("resolve")}
    return [("eks", "CreateAddon", parameters | {"resolveConflicts": given["resolveConflictsOnCreate"]})]


def _people(given: Inputs) -> list[Any]:
    parameters = {"clusterName": given["clusterName"], "oidc": given["oidc"]}
    return [("eks", "AssociateIdentityProviderConfig", parameters)]


def _same(service: str, operation: str) -> Callable[[Inputs], list[Any]]:
    """For operations whose parameters have the inputs' own names."""
    return lambda given: [(service, operation, dict(given))]


def _spelled(
    service: str, operation: str, *, without: tuple[str, ...] = ("tags",)
) -> Callable[[Inputs], list[Any]]:
    """For operations whose parameters begin with capitals, but for that have the inputs' names."""
    return lambda given: [
        (service, operation, {_upper(key): value for key, value in given.items() if key not in without})
    ]


_CALLS: Mapping[str, Callable[[Inputs], list[Any]]] = {
    "aws:cloudwatch/eventRule:EventRule": _spelled("events", "PutRule"),
    "aws:cloudwatch/eventTarget:EventTarget": _target,
    "aws:cloudwatch/logGroup:LogGroup": _logs,
    # A VPC has its default group already; the resource takes its rules away.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": lambda given: [],
    "aws:ec2/eip:Eip": _spelled("ec2", "AllocateAddress"),
    "aws:ec2/internetGateway:InternetGateway": lambda given: [
        ("ec2", "CreateInternetGateway", _tagged("internet-gateway", given))
    ],
    "aws:ec2/launchTemplate:LaunchTemplate": _template,
    "aws:ec2/natGateway:NatGateway": _spelled("ec2", "CreateNatGateway"),
    "aws:ec2/route:Route": _spelled("ec2", "CreateRoute"),
    "aws:ec2/routeTable:RouteTable": _table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _spelled("ec2", "AssociateRouteTable"),
    "aws:ec2/securityGroup:SecurityGroup": _group,
    "aws:ec2/subnet:Subnet": _subnet,
    "aws:ec2/vpc:Vpc": lambda given: [
        ("ec2", "CreateVpc", {"CidrBlock": given["cidrBlock"], **_tagged("vpc", given)})
    ],
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": _spelled(
        "ec2", "AssociateVpcCidrBlock"
    ),
    "aws:eks/accessEntry:AccessEntry": _same("eks", "CreateAccessEntry"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _same("eks", "AssociateAccessPolicy"),
    "aws:eks/addon:Addon": _addon,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:eks/identityProviderConfig:IdentityProviderConfig": _people,
    "aws:eks/nodeGroup:NodeGroup": _nodes,
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _same("eks", "CreatePodIdentityAssociation"),
    "aws:iam/instanceProfile:InstanceProfile": _profile,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _rights,
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attached,
    "aws:kms/alias:Alias": lambda given: [
        ("kms", "CreateAlias", {"AliasName": given["name"], "TargetKeyId": given["targetKeyId"]})
    ],
    "aws:kms/key:Key": _key,
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": lambda given: [
        (
            "sqs",
            "SetQueueAttributes",
            {"QueueUrl": given["queueUrl"], "Attributes": {"Policy": given["policy"]}},
        )
    ],
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule("AuthorizeSecurityGroupEgress"),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule("AuthorizeSecurityGroupIngress"),
}
