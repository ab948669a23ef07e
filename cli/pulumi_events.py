"""What pulumi's policy packs found, from its log of engine events: its JSON preview leaves policies out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.pack import Violation

VARIABLE: Final = "PULUMI_DEBUG_COMMANDS"
"""Where it is `true`, pulumi takes `--event-log FILE` (pulumi, pkg/cmd/pulumi/operations/preview.go)."""

_COLOUR: Final = re.compile(r"<\{%.*?%\}>")
"""Pulumi's own marks for colours, which a message may have."""


def violations(log: Path) -> Iterator[Violation]:
    """The policy events of a log (one JSON object a line; apitype.PolicyEvent), in their order; none without a log."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines:
        if event := json.loads(line).get("policyEvent"):
            yield Violation(
                pack=event["policyPackName"],
                policy=event["policyName"],
                level="mandatory" if event["enforcementLevel"] == "mandatory" else "advisory",
                urn=event.get("resourceUrn", ""),
                message=_COLOUR.sub("", event["message"]),
            )
