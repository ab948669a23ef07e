from __future__ import annotations

import json

from components.cluster.interruptions import Interruptions, InterruptionsArgs, queue_arn, senders
from tests.aws_cluster import PLACE, declared, of_type
from tests.aws_policies import statements, too_wide
from tests.recorder import Declaration


def interruptions() -> dict[str, Declaration]:
    return declared(lambda opts: Interruptions("east-warn", InterruptionsArgs(place=PLACE), opts))


def test_every_rule_of_the_cluster_sends_and_nobody_else() -> None:
    made = interruptions()
    (rules,) = [
        one["Condition"]["ArnEquals"]["aws:SourceArn"]
        for one in statements(senders(PLACE))
        if one["Effect"] == "Allow"
    ]
    assert set(rules) == {
        PLACE.arn("events", f"rule/{one.inputs['name']}") for one in of_type(made, "EventRule")
    }
    assert too_wide(senders(PLACE)) == []


def test_nothing_is_sent_or_read_in_clear() -> None:
    (one,) = [one for one in statements(senders(PLACE)) if one["Effect"] == "Deny"]
    assert {"sqs:SendMessage", "sqs:ReceiveMessage"} <= set(one["Action"])
    assert one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_warning_leads_to_the_queue() -> None:
    made = interruptions()
    assert {one.inputs["arn"] for one in of_type(made, "EventTarget")} == {queue_arn(PLACE)}
    assert len(of_type(made, "EventTarget")) == len(of_type(made, "EventRule")) > 0


def test_the_end_of_a_spot_node_is_among_the_warnings() -> None:
    patterns = [json.loads(one.inputs["eventPattern"]) for one in of_type(interruptions(), "EventRule")]
    kinds = {(one["source"][0], one["detail-type"][0]) for one in patterns}
    assert ("aws.ec2", "EC2 Spot Instance Interruption Warning") in kinds
    assert ("aws.health", "AWS Health Event") in kinds


def test_the_queue_is_encrypted_and_forgets_soon() -> None:
    (queue,) = of_type(interruptions(), "Queue")
    assert queue.inputs["sqsManagedSseEnabled"]
    assert queue.inputs["messageRetentionSeconds"] <= 300
