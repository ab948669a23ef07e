"""AWS's warnings that a node is about to go, in a queue that Karpenter reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, sqs

from components.base import Component
from components.cluster.place import Place
from components.cluster.policy import allow, deny, document

EVENTS: Mapping[str, tuple[str, str]] = {
    "health": ("aws.health", "AWS Health Event"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
}
"""Source and kind of each warning."""

RETENTION_SECONDS = 300
"""A warning that nobody read for so long is about a node that is gone."""


@dataclass(frozen=True, kw_only=True)
class InterruptionsArgs:
    """`place` names the queue."""

    place: Place


class Interruptions(Component, token="mlops:index:Interruptions"):
    """The queue, and a rule for each kind of warning."""

    def __init__(
        self, name: str, args: InterruptionsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, opts)
        queue = sqs.Queue(
            self.child("queue"),
            name=queue_name(args.place),
            message_retention_seconds=RETENTION_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=self.opts(),
        )
        sqs.QueuePolicy(
            self.child("senders"), queue_url=queue.url, policy=senders(args.place), opts=self.opts()
        )
        for event in EVENTS:
            rule = cloudwatch.EventRule(
                self.child(event),
                name=rule_name(args.place, event),
                event_pattern=pattern(event),
                opts=self.opts(),
            )
            cloudwatch.EventTarget(
                self.child(f"{event}-target"),
                rule=rule.name,
                target_id="karpenter",
                arn=queue.arn,
                opts=self.opts(),
            )
        self.register_outputs({})


def queue_name(place: Place) -> str:
    """The queue's name."""
    return place.named("interruptions")


def queue_arn(place: Place) -> str:
    """The queue's ARN."""
    return place.arn("sqs", queue_name(place))


def rule_name(place: Place, event: str) -> str:
    """The name of the rule for one kind of warning."""
    return place.named(f"interruption-{event}")


def pattern(event: str) -> str:
    """Which events a rule takes, as JSON text."""
    source, kind = EVENTS[event]
    return json.dumps({"source": [source], "detail-type": [kind]})


def senders(place: Place) -> str:
    """Only the rules of this cluster send, and only over TLS."""
    queue = [queue_arn(place)]
    rules = [place.arn("events", f"rule/{rule_name(place, event)}") for event in EVENTS]
    return document(
        allow(
            "Rules",
            ["sqs:SendMessage"],
            queue,
            {"ArnEquals": {"aws:SourceArn": rules}},
            principal={"Service": "events.amazonaws.com"},
        ),
        deny(
            "Encrypted",
            ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
            queue,
            {"Bool": {"aws:SecureTransport": "false"}},
            principal="*",
        ),
    )
