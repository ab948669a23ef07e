"""A cluster's place in AWS for tests, and what a component declares there."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pulumi_aws
from pulumi_kubernetes import Provider

from components.cluster.place import Place
from components.labels import Owner
from tests.aws_answers import ACCOUNT, REGION
from tests.recorder import Declaration, run

PLACE = Place(cluster="east", region=REGION, account=ACCOUNT)
OWNER = Owner(team="platform", cost_center="core", environment="test")
VPC = "vpc-0123456789abcdef0"
SUBNETS = ["subnet-0000000000000000a", "subnet-0000000000000000b", "subnet-0000000000000000c"]


def known(value: str) -> pulumi.Output[str]:
    """A value that is there, as an output."""
    return pulumi.Output.from_input(value)


def declared(make: Callable[[pulumi.ResourceOptions], object]) -> dict[str, Declaration]:
    """What `make` declares with options for AWS and for the cluster, by logical name."""

    def program() -> None:
        aws = pulumi_aws.Provider("east-aws", region=REGION)
        cluster = Provider("east", kubeconfig="", context="east", cluster_identifier="east")
        make(pulumi.ResourceOptions(providers=[aws, cluster]))

    recorded = run(program)
    assert recorded.misnamed() == []
    made = {one.name: one for one in recorded.declarations}
    assert {one.provider for one in made.values() if one.type.startswith("aws:")} <= {"east-aws"}
    return made


def of_type(made: dict[str, Declaration], kind: str) -> list[Declaration]:
    """The declarations of a type of AWS's, by the last part of its name."""
    ours = (one for one in made.values() if one.type.startswith("aws:"))
    return [one for one in ours if one.type.rpartition(":")[2] == kind]
