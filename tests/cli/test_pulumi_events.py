from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.pulumi_events import violations

URN = "urn:pulumi:dev::mlops-platform::kubernetes:core/v1:Pod::bad"


def log(folder: Path, *events: dict[str, Any]) -> Path:
    file = folder / "events"
    file.write_text("".join(json.dumps(one) + "\n" for one in events), encoding="utf-8")
    return file


def policy(**more: Any) -> dict[str, Any]:
    event = {"policyPackName": "platform", "policyName": "platform-items", "message": "WL-01 no"}
    return {"sequence": 3, "policyEvent": {**event, "enforcementLevel": "mandatory", **more}}


def test_policy_events_are_violations_in_their_order(tmp_path: Path) -> None:
    events = (
        {"sequence": 1, "preludeEvent": {"config": {}}},
        policy(resourceUrn=URN),
        policy(enforcementLevel="advisory"),
    )
    first, second = violations(log(tmp_path, *events))
    assert (first.pack, first.policy, first.urn) == ("platform", "platform-items", URN)
    assert (first.mandatory, second.mandatory) == (True, False)
    assert second.urn == "", "a violation of the stack as a whole is of no resource"


def test_a_message_has_no_marks_of_colours(tmp_path: Path) -> None:
    (found,) = violations(log(tmp_path, policy(message="<{%fg 1%}>WL-01<{%reset%}> no")))
    assert found.message == "WL-01 no"


def test_a_run_that_ended_before_it_wrote_a_log_has_none(tmp_path: Path) -> None:
    assert list(violations(tmp_path / "events")) == []
