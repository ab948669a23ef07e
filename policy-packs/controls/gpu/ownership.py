"""GC-04. Sources: Kyverno require-labels, Gatekeeper requiredlabels. A workload's pods carry its labels: they cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from controls.control import Control, Severity
from controls.fields import Fields, fields, is_given, quoted, text
from controls.item import Item
from controls.pods import KINDS
from controls.settings import Settings
from controls.stack import Stack

_PROVIDER: Final = "pulumi:providers:aws"

TAGGED: Final = (
    *("aws:cloudwatch/logGroup:LogGroup", "aws:dynamodb/table:Table", "aws:ebs/volume:Volume"),
    *("aws:ec2/eip:Eip", "aws:ec2/instance:Instance", "aws:ec2/natGateway:NatGateway", "aws:ec2/vpc:Vpc"),
    *("aws:ec2/vpcEndpoint:VpcEndpoint", "aws:ecr/repository:Repository", "aws:efs/fileSystem:FileSystem"),
    *("aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup", "aws:kms/key:Key"),
    *("aws:elasticache/replicationGroup:ReplicationGroup", "aws:lb/loadBalancer:LoadBalancer"),
    *(
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "aws:s3/bucketV2:BucketV2",
    ),
    *("aws:secretsmanager/secret:Secret", "aws:sqs/queue:Queue"),
)
"""Types of AWS that cost something and carry tags."""


def check(item: Item, settings: Settings) -> Iterator[str]:
    labels = item.labels if item.pod is None else item.pod.labels
    where = "labels" if item.pod is None or item.kind == "Pod" else "labels of its pod template"
    for label in settings.required_labels:
        if not is_given(labels.value(label)):
            yield f"{where} lack {quoted(label)}; add it"


def check_stack(stack: Stack, settings: Settings) -> Iterator[tuple[Item, str]]:
    defaults = {one.resource: _default_tags(one) for one in stack.of(_PROVIDER)}
    for item in stack.of(*TAGGED):
        own, default = item.fields.section("tags"), defaults.get(item.cluster, fields(None))
        for label in settings.required_labels:
            if not is_given(own.value(label)) and not is_given(default.value(label)):
                yield item, f"tags lack {quoted(label)}; add it, or to the provider's default tags"


def _default_tags(provider: Item) -> Fields:
    """The tags that a provider puts on everything; its inputs arrive as JSON text."""
    given = provider.fields.value("defaultTags")
    try:
        found = json.loads(text(given)) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        found = None
    return fields(found).section("tags")


BAD = """\
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {team: fraud}}
"""

GOOD = """\
apiVersion: v1
kind: Namespace
metadata: {name: team, labels: {team: fraud, cost-center: research}}
"""

CONTROL = Control(
    id="GC-04",
    title=(
        "Namespaces, workloads and cloud resources carry the configured labels (team, cost-center, environment)"
    ),
    severity=Severity.MEDIUM,
    anchors=("Kyverno require-labels", "Gatekeeper requiredlabels"),
    why="What says nothing about its owner is paid for by nobody, and cleared away by nobody.",
    fix="Add the labels of `requiredLabels` to the namespace, to the pod template, or to the tags.",
    bad=BAD,
    good=GOOD,
    kinds=("Namespace", *KINDS),
    check=check,
    check_stack=check_stack,
    given=MappingProxyType({"requiredLabels": ["team", "cost-center"]}),
)
