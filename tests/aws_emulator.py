"""Makes declared resources in moto, and says which calls moto does not carry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tests.aws_answers import REGION, computed, identity
from tests.aws_api import Call, calls
from tests.recorder import Declaration

Answer = Mapping[str, Any]

_ID: Mapping[str, Callable[[Answer], str]] = {
    "AllocateAddress": lambda answer: answer["AllocationId"],
    "CreateInternetGateway": lambda answer: answer["InternetGateway"]["InternetGatewayId"],
    "CreateKey": lambda answer: answer["KeyMetadata"]["KeyId"],
    "CreateLaunchTemplate": lambda answer: answer["LaunchTemplate"]["LaunchTemplateId"],
    "CreateNatGateway": lambda answer: answer["NatGateway"]["NatGatewayId"],
    "CreateRouteTable": lambda answer: answer["RouteTable"]["RouteTableId"],
    "CreateSecurityGroup": lambda answer: answer["GroupId"],
    "CreateSubnet": lambda answer: answer["Subnet"]["SubnetId"],
    "CreateVpc": lambda answer: answer["Vpc"]["VpcId"],
    "CreateVpcEndpoint": lambda answer: answer["VpcEndpoint"]["VpcEndpointId"],
}


class Emulated:
    """An account in moto. `skipped` are the operations that it does not carry."""

    def __init__(self) -> None:
        self.skipped: set[str] = set()
        self._real: dict[str, str] = {}

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    def make(self, declarations: Iterable[Declaration]) -> None:
        """Make everything in the order in which it was declared: what needs another one comes after it."""
        for one in declarations:
            for call in calls(one):
                answer = self._send(call)
                if answer is not None and call.operation in _ID:
                    self._real[identity(one.type, one.name)] = _ID[call.operation](answer)
                if answer is not None and call.operation == "CreateSecurityGroup":
                    self._close(answer["GroupId"])
                if answer is not None and call.operation == "CreateQueue":
                    self._real[computed(one.type, one.name, one.inputs)["url"]] = answer["QueueUrl"]

    def _close(self, group: str) -> None:
        """AWS lets everything out of a new group; Pulumi's provider takes that rule away at once."""
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self.client("ec2").revoke_security_group_egress(GroupId=group, IpPermissions=[everything])

    def real(self, value: str) -> str:
        """The text with the emulator's ids in place of those that the declarations were answered with."""
        for told, real in self._real.items():
            value = value.replace(told, real)
        return value

    def _send(self, call: Call) -> Answer | None:
        parameters = json.loads(self.real(json.dumps(call.parameters)))
        client = self.client(call.service)
        method = next(
            name for name, api in client.meta.method_to_api_mapping.items() if api == call.operation
        )
        try:
            answer: Answer = getattr(client, method)(**parameters)
        except NotImplementedError:
            self.skipped.add(call.operation)
            return None
        except ClientError as error:
            if "Not yet implemented" not in str(error):
                raise
            self.skipped.add(call.operation)
            return None
        return answer
