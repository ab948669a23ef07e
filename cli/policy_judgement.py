"""What `mlops policy` finds: items of files or of a cluster, judged with the controls of every pack."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from controls import judge as controls
from controls.catalogue import PACKS
from controls.configuration import Configuration
from controls.control import Level
from controls.exemptions import Exemption, Place
from controls.item import Item
from controls.stack import Stack


class Mode(enum.Enum):
    """Whether the objects are strangers to each other or one stack."""

    EACH = "each"
    TOGETHER = "together"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One defect, with the keys of a `--json` line; `file` is the configuration for a defect of that."""

    file: str
    kind: str
    namespace: str
    name: str
    control: str
    level: str
    message: str

    @property
    def place(self) -> str:
        return str(Place(kind=self.kind, namespace=self.namespace, name=self.name))


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a run found. `exempted` counts the findings that an exemption took away."""

    findings: tuple[Finding, ...]
    objects: int
    exemptions: int
    exempted: int

    @property
    def refused(self) -> bool:
        """Whether a deployment of these objects would be stopped."""
        return any(finding.level == Level.MANDATORY.value for finding in self.findings)

    def __str__(self) -> str:
        return (
            f"{self.objects} objects judged, {len(self.findings)} findings; "
            f"{self.exemptions} exemptions configured, {self.exempted} findings exempted"
        )


def judge(
    manifests: Iterable[tuple[str, Item]],
    mode: Mode,
    configuration: Mapping[str, Configuration],
    *,
    config: str,
    today: date,
    only: Collection[str] | None = None,
) -> Report:
    """Judge items, each given with the file it came from; `configuration` is by pack, a pack without has none.

    `only` names the controls that count, all of them where it is None. Only TOGETHER judges relations and tells
    an exemption that exempts nothing, since alone an object says nothing of the others.
    """
    judges = {pack: _judge(pack, configuration.get(pack, Configuration()), today, only) for pack in PACKS}
    findings = [
        _located(config, finding)
        for pack, one in judges.items()
        for finding in one.configuration_findings(pack)
    ]
    used: list[Exemption] = []
    placed = list(manifests)
    for file, item in placed:
        for one in judges.values():
            verdict = one.item(item)
            findings += [_located(file, finding) for finding in verdict.findings]
            used += verdict.exempted
    if mode is Mode.TOGETHER:
        files = {id(item): file for file, item in placed}
        stack = Stack(item for _, item in placed)
        for one in judges.values():
            verdict = one.stack(stack)
            findings += [_located(files[id(finding.item)], finding) for finding in verdict.findings]
            used += verdict.exempted
        for one in judges.values():
            findings += [_located(config, finding) for finding in one.unmatched_findings(used, stack)]
    return Report(
        findings=tuple(findings),
        objects=len(placed),
        exemptions=sum(len(one.exemptions) for one in judges.values()),
        exempted=len(used),
    )


def _judge(
    pack: str, configuration: Configuration, today: date, only: Collection[str] | None
) -> controls.Judge:
    wanted = [control for control in PACKS[pack] if only is None or control.id in only]
    return controls.Judge(configuration.narrowed([control.id for control in wanted]), today, wanted)


def _located(file: str, finding: controls.Finding) -> Finding:
    return Finding(
        file=file,
        kind=finding.place.kind,
        namespace=finding.place.namespace,
        name=finding.place.name,
        control=finding.control,
        level=finding.level.value,
        message=finding.message,
    )
