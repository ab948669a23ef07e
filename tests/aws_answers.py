"""What AWS would answer: ids, ARNs and addresses that look like its own, from a resource's type, name and inputs."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-central-1"
AUTHORITY = base64.b64encode(b"-----BEGIN CERTIFICATE-----\n").decode()

_IDS = {
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/launchTemplate:LaunchTemplate": "lt",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
}


def identity(type_: str, name: str) -> str:
    """The id of a resource."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    if type_ == "aws:kms/key:Key":
        return str(uuid.UUID(digest[:32]))
    return f"{_IDS[type_]}-{digest[:17]}" if type_ in _IDS else f"{name}-id"


def computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that are no inputs."""
    own = str(inputs.get("name", name))
    service, kind = type_.split(":")[1].split("/", maxsplit=1)[0], type_.rpartition(":")[2]
    if service == "iam":
        path = "instance-profile" if kind == "InstanceProfile" else kind.lower()
        return {"arn": f"arn:aws:iam::{ACCOUNT}:{path}/{own}"}
    if kind == "Key":
        return {"arn": arn("kms", f"key/{identity(type_, name)}")}
    if kind == "Queue":
        return {"arn": arn("sqs", own), "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{own}"}
    if kind == "Cluster":
        return {
            "arn": arn("eks", f"cluster/{own}"),
            "endpoint": f"https://{own.upper()}.gr7.{REGION}.eks.amazonaws.com",
            "certificateAuthority": {"data": AUTHORITY},
        }
    more: dict[str, dict[str, Any]] = {
        "AccessEntry": {"accessEntryArn": arn("eks", f"access-entry/{name}")},
        "LaunchTemplate": {"latestVersion": 1},
        "PodIdentityAssociation": {"associationId": f"a-{name}"},
    }
    return {"arn": arn(service, name), **more.get(kind, {})}


def arn(service: str, resource: str) -> str:
    """An ARN of the account that answers."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
