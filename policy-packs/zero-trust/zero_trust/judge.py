"""The judgement: objects and settings in, findings out. Nothing is read from outside and nothing raises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from zero_trust.catalogue import POD_CONTROLS
from zero_trust.control import Level
from zero_trust.exemptions import Exemption, Place
from zero_trust.fields import fields
from zero_trust.objects import Object
from zero_trust.pods import bears_pod, pod_of
from zero_trust.settings import PACK_NAME, Settings

EXPIRED: Final = "EX-01"
UNMATCHED: Final = "EX-02"
CONFIGURATION: Final = "EX-03"
EXEMPTION_RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        EXPIRED: "No exemption is past its day",
        UNMATCHED: "Every exemption exempts something in the stack",
        CONFIGURATION: "The pack's configuration is well formed",
    }
)
"""Rules about the configuration itself: always mandatory, never exempt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One defect of one object under one control."""

    control: str
    level: Level
    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.control} {self.place}: {self.message}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Findings that stand, and the exemptions that took others away, once for each one taken."""

    findings: tuple[Finding, ...]
    exempted: tuple[Exemption, ...]


def defects(judged: Object) -> Iterator[tuple[str, str]]:
    """Control id and message of every defect of one object, before levels and exemptions."""
    if bears_pod(judged.api_version, judged.kind):
        pod = pod_of(judged.kind, fields(judged.manifest))
        for control in POD_CONTROLS:
            for message in control.check(pod):
                yield control.id, message


def judge(judged: Object, settings: Settings, today: date, *, fallback: str = "") -> Verdict:
    """Judge one object under the levels and the exemptions in force; `fallback` as in `Object.place`."""
    place = judged.place(fallback)
    findings: list[Finding] = []
    exempted: list[Exemption] = []
    for control, message in defects(judged):
        level = settings.level(control)
        if level is Level.DISABLED:
            continue
        exemption = _exemption(control, place, settings, today)
        if exemption:
            exempted.append(exemption)
        else:
            findings.append(Finding(control=control, level=level, place=place, message=message))
    return Verdict(findings=tuple(findings), exempted=tuple(exempted))


def configuration_findings(settings: Settings, today: date) -> Iterator[Finding]:
    """What is wrong with the configuration, whatever the objects are."""
    for problem in settings.problems:
        yield _about(CONFIGURATION, Place(kind="Configuration", namespace="", name=PACK_NAME), problem)
    for exemption in settings.exemptions:
        if not exemption.in_force(today):
            yield _about(
                EXPIRED,
                exemption.place,
                f"the exemption from {exemption.control} ended on {exemption.expiry}; "
                f"{exemption.owner} must repair the object or agree on a new day",
            )


def unmatched_findings(settings: Settings, used: Iterable[Exemption], today: date) -> Iterator[Finding]:
    """Exemptions in force that took nothing away; `used` must come from the whole stack."""
    taken = set(used)
    for exemption in settings.exemptions:
        if exemption.in_force(today) and exemption not in taken:
            yield _about(
                UNMATCHED,
                exemption.place,
                f"the exemption from {exemption.control} exempts nothing; {exemption.owner} must remove it",
            )


def _exemption(control: str, place: Place, settings: Settings, today: date) -> Exemption | None:
    for exemption in settings.exemptions:
        if exemption.covers(control, place) and exemption.in_force(today):
            return exemption
    return None


def _about(rule: str, place: Place, message: str) -> Finding:
    return Finding(control=rule, level=Level.MANDATORY, place=place, message=message)
