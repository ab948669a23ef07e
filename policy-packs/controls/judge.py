"""The judgement: items and a configuration in, findings out. Nothing is read from outside and nothing raises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from controls.catalogue import CONTROLS
from controls.configuration import Configuration
from controls.control import EVERY_OBJECT, Control, Level
from controls.exemptions import Exemption, Place
from controls.fields import Unproved
from controls.item import Item
from controls.settings import Settings
from controls.stack import Stack

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
    """One defect of one item under one control."""

    control: str
    level: Level
    place: Place
    message: str
    item: Item | None = None
    """None for a defect of the configuration."""

    def __str__(self) -> str:
        return f"{self.control} {self.place}: {self.message}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Findings that stand, and the exemptions that took others away, once for each one taken."""

    findings: tuple[Finding, ...]
    exempted: tuple[Exemption, ...]


class Judge:
    """Applies controls under one configuration. An item meets the controls of its type and no other."""

    def __init__(
        self, configuration: Configuration, today: date, controls: Iterable[Control] = CONTROLS.values()
    ) -> None:
        self._configuration = configuration
        self._settings = configuration.settings
        self._lenient = configuration.settings.unknowns == Level.ADVISORY.value
        self._today = today
        self._exemptions = {
            (one.control, one.place): one for one in configuration.exemptions if one.in_force(today)
        }
        active = [one for one in controls if configuration.level(one.id) is not Level.DISABLED]
        self._of_stack = [one for one in active if one.check_stack]
        self._by_type: dict[str, list[Control]] = defaultdict(list)
        for control in active:
            if control.check:
                for kind in control.kinds:
                    self._by_type[kind].append(control)

    @property
    def exemptions(self) -> tuple[Exemption, ...]:
        """All that are configured, in force or not."""
        return self._configuration.exemptions

    def judges(self, kind: Item) -> bool:
        """Whether any control judges items of its type alone."""
        return kind.type in self._by_type or (kind.is_kubernetes and EVERY_OBJECT in self._by_type)

    @property
    def advises_items(self) -> bool:
        """Whether a control that judges items is advisory."""
        return self._advises(control for controls in self._by_type.values() for control in controls)

    @property
    def advises_stack(self) -> bool:
        """Whether a control that judges stacks is advisory."""
        return self._advises(self._of_stack)

    def _advises(self, controls: Iterable[Control]) -> bool:
        levels = [self._configuration.level(one.id) for one in controls]
        return Level.ADVISORY in levels or (self._lenient and bool(levels))

    def item(self, item: Item) -> Verdict:
        """Judge one item alone."""
        return self._verdict((item, one, message) for one, message in self._defects(item))

    def stack(self, stack: Stack) -> Verdict:
        """Judge how the items of a stack hang together."""
        return self._verdict(
            (item, control, message)
            for control in self._of_stack
            if control.check_stack
            for item, message in control.check_stack(stack, self._settings)
        )

    def _defects(self, item: Item) -> Iterator[tuple[Control, str]]:
        controls = self._by_type.get(item.type, [])
        if item.is_kubernetes:
            controls = [*controls, *self._by_type.get(EVERY_OBJECT, ())]
        for control in controls:
            if control.check:
                for message in control.check(item, self._settings):
                    yield control, message

    def _verdict(self, defects: Iterable[tuple[Item, Control, str]]) -> Verdict:
        findings: list[Finding] = []
        exempted: list[Exemption] = []
        for item, control, message in defects:
            exemption = self._exemptions.get((control.id, item.place))
            if exemption:
                exempted.append(exemption)
                continue
            level = self._level(control, message)
            findings.append(
                Finding(control=control.id, level=level, place=item.place, message=message, item=item)
            )
        return Verdict(findings=tuple(findings), exempted=tuple(exempted))

    def _level(self, control: Control, message: str) -> Level:
        level = self._configuration.level(control.id)
        return Level.ADVISORY if self._lenient and Unproved.UNKNOWN.value in message else level

    def configuration_findings(self, pack: str) -> Iterator[Finding]:
        """What is wrong with the pack's configuration, whatever the items are."""
        for problem in self._configuration.problems:
            yield _about(CONFIGURATION, Place(kind="Configuration", namespace="", name=pack), problem)
        for exemption in self._configuration.exemptions:
            if not exemption.in_force(self._today):
                yield _about(
                    EXPIRED,
                    exemption.place,
                    f"the exemption from {exemption.control} ended on {exemption.expiry}; "
                    f"{exemption.owner} must repair the object or agree on a new day",
                )

    def unmatched_findings(self, used: Iterable[Exemption], stack: Stack) -> Iterator[Finding]:
        """Exemptions in force that took nothing away; `used` must come from the whole stack.

        Of an object that a chart may hold, and that nobody sees before its provider renders it, nothing is proved.
        """
        taken = set(used)
        for exemption in self._exemptions.values():
            if exemption not in taken and not stack.may_hide(exemption.place):
                yield _about(
                    UNMATCHED,
                    exemption.place,
                    f"the exemption from {exemption.control} exempts nothing; {exemption.owner} must remove it",
                )


def defects(items: Iterable[Item], settings: Settings | None = None) -> Iterator[tuple[str, Item, str]]:
    """Control id, item and message of every defect of items that are one stack, at any level."""
    judge = Judge(Configuration(settings=settings or Settings()), date.min)
    stack = Stack(items)
    for verdict in (*map(judge.item, stack.items), judge.stack(stack)):
        for one in verdict.findings:
            if one.item is not None:
                yield one.control, one.item, one.message


def _about(rule: str, place: Place, message: str) -> Finding:
    return Finding(control=rule, level=Level.MANDATORY, place=place, message=message)
