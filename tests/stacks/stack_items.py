"""What a stack declares as the items that the policy packs judge, and the configuration that it gives them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from controls.catalogue import PACKS
from controls.configuration import Configuration
from controls.fields import fields
from controls.item import Item
from controls.judge import Finding, Judge
from controls.manifests import read_configuration
from controls.objects import type_of
from controls.stack import Stack

from tests.recorder import Declaration, Recorder

CONFIG = Path(__file__).resolve().parents[2] / "policy-packs/platform/config"
DAY = date(2026, 11, 21)
"""A day on which the exemptions of the stacks are in force."""


def item_of(one: Declaration) -> Item:
    """The item; what comes before everything else has a provider of its own, in the same cluster."""
    api_version, kind = type_of(one.type)
    return Item(
        kind=kind,
        api_version=api_version,
        fields=fields(one.inputs),
        cluster=one.provider.removesuffix("-bootstrap"),
        resource=one.name,
        protected=one.protected,
    )


def items_of(recorded: Recorder) -> list[Item]:
    return [item_of(one) for one in recorded.declarations]


def configuration_of(stack: str) -> dict[str, Configuration]:
    return read_configuration(str(CONFIG / f"{stack}.json"))


def judged(items: list[Item], configuration: dict[str, Configuration]) -> list[Finding]:
    """What a preview would show, exemptions that exempt nothing included."""
    found: list[Finding] = []
    stack = Stack(items)
    for pack, controls in PACKS.items():
        judge = Judge(configuration[pack], DAY, controls)
        verdicts = [*map(judge.item, items), judge.stack(stack)]
        used = [one for verdict in verdicts for one in verdict.exempted]
        found += [finding for verdict in verdicts for finding in verdict.findings]
        found += [*judge.configuration_findings(pack), *judge.unmatched_findings(used, stack)]
    return found
