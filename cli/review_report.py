"""What a review of one stack says, as plain values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cli.review_causes import Line
from cli.review_changes import Change
from cli.review_checkov import Opinion
from cli.review_exemptions import Exemptions
from cli.review_gpus import PoolChange
from engine.packs import Violation

_SAID: Final = re.compile(
    r"^(?P<control>[A-Z]{2}-\d{2}) (?P<place>[^:\n]+(?::[^ \n][^:\n]*)*): (?P<message>.*)", re.M | re.S
)
"""A finding as the packs word it: control, kind with namespace and name, and what is wrong."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One violation; `place` is the object, empty where a pack that is not ours worded it otherwise."""

    control: str
    level: str
    urn: str
    place: str
    message: str
    causes: tuple[Line, ...] = ()

    @property
    def mandatory(self) -> bool:
        """Does it forbid the change?"""
        return self.level == "mandatory"


@dataclass(frozen=True, kw_only=True)
class StackReview:
    """One stack. `broken` says why it cannot be planned; then there is nothing else."""

    stack: str
    broken: str = ""
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    exemptions: Exemptions = field(default_factory=Exemptions)
    pools: tuple[PoolChange, ...] = ()
    opinion: Opinion = field(default_factory=Opinion)

    @property
    def refused(self) -> bool:
        """Must the change not be merged?"""
        return bool(self.broken) or any(finding.mandatory for finding in self.findings)


def findings(violations: Iterable[Violation]) -> list[Finding]:
    """The violations, each once, mandatory ones first, without lines."""
    unique = dict.fromkeys(_finding(one) for one in violations)
    return sorted(unique, key=lambda one: (not one.mandatory, one.control, one.urn))


def _finding(one: Violation) -> Finding:
    said = _SAID.search(one.message)
    if said is None:
        return Finding(control=one.policy, level=one.level, urn=one.urn, place="", message=one.message)
    return Finding(
        control=said["control"], level=one.level, urn=one.urn, place=said["place"], message=said["message"]
    )
