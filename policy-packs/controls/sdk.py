"""The packs as Pulumi runs them. Few policy objects: the SDK decodes a resource again for each of them.

The SDK knows one level and one configuration a policy object. So each pack has one for single resources, which is
called like the pack and carries its configuration; what is advisory, and what is about the whole stack, is one for all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from controls import configuration, remediation
from controls.catalogue import PACKS
from controls.configuration import Configuration
from controls.control import Level
from controls.exemptions import Exemption
from controls.judge import Finding, Judge
from controls.resources import read, writable
from controls.stack import Stack

_ROOT_STACK: Final = "pulumi:pulumi:Stack"


def utc_today() -> date:
    return datetime.now(UTC).date()


def policies(name: str, packs: Collection[str], today: Callable[[], date] = utc_today) -> list[Policy]:
    """The policies of these packs, for the one `PolicyPack` of that name."""
    run = Run(name, [Pack(pack, today) for pack in packs])
    return [*run.policies, *_remediation(name, [one.id for pack in packs for one in PACKS[pack]])]


def _remediation(name: str, controls: Iterable[str]) -> Iterator[Policy]:
    """Off unless the configuration gives it the level `remediate`; it mends before anything is judged."""
    mended = [one for one in controls if one in remediation.MENDED]

    def remediate(args: ResourceValidationArgs) -> Any:
        inputs, labels = writable(args.props), (args.get_config() or {}).get("labels") or {}
        return inputs if remediation.mend(args.resource_type, inputs, mended, labels) else None

    if mended:
        yield ResourceValidationPolicy(
            name=f"{name}{remediation.SUFFIX}",
            description=f"Fills in what is missing for {', '.join(mended)} (docs/policies.md).",
            remediate=remediate,
            enforcement_level=EnforcementLevel.DISABLED,
            config_schema=PolicyConfigSchema(dict(remediation.SCHEMA)),
        )


class Pack:
    """One pack in a run: its configuration, and the judge that applies it.

    Pulumi gives a policy only its own configuration. The engine analyses the root stack before any other
    resource, so it has arrived by the time the policies of all packs need it; a policy that runs earlier has no
    exemptions and so errs towards refusing.
    """

    def __init__(self, name: str, today: Callable[[], date]) -> None:
        self.name = name
        self._ids = [control.id for control in PACKS[name]]
        self._today = today
        self._raw: Mapping[str, object] | None = None
        self.judge = Judge(Configuration(), today(), PACKS[name])

    def schema(self) -> PolicyConfigSchema:
        return PolicyConfigSchema(configuration.schema(self._ids))

    def configure(self, raw: Mapping[str, object]) -> bool:
        """Take up the configuration; whether it is a new one.

        Calls come in several threads: `_raw` never runs ahead of `judge`.
        """
        if raw == self._raw:
            return False
        self.judge = Judge(configuration.parse(raw, self._ids), self._today(), PACKS[self.name])
        self._raw = raw
        return True


class Run:
    """The policies of the packs of one process."""

    def __init__(self, name: str, packs: Sequence[Pack]) -> None:
        self._packs = packs
        self._declared: dict[str, frozenset[str]] = {}
        self._stack_findings: list[tuple[Finding, str | None]] = []
        self._advisory = ResourceValidationPolicy(
            name=f"{name}-advisory",
            description="Controls that are advisory here (docs/policies.md).",
            validate=self._validate_advisory,
            enforcement_level=EnforcementLevel.ADVISORY,
        )
        self._stack_advisory = StackValidationPolicy(
            name=f"{name}-stack-advisory",
            description="Controls on the whole stack that are advisory here (docs/policies.md).",
            validate=self._validate_stack_advisory,
            enforcement_level=EnforcementLevel.ADVISORY,
        )
        self._mandatory_stack = StackValidationPolicy(
            name=f"{name}-stack",
            description="Controls that must hold on the whole stack (docs/policies.md).",
            validate=self._validate_stack,
            enforcement_level=EnforcementLevel.MANDATORY,
        )

    @property
    def policies(self) -> list[Policy]:
        """The mandatory ones first: they take up the configuration and judge for the advisory ones."""
        resource = [
            ResourceValidationPolicy(
                name=pack.name,
                description=f"Controls of {pack.name} that must hold (docs/policies.md).",
                validate=self._validator(pack),
                enforcement_level=EnforcementLevel.MANDATORY,
                config_schema=pack.schema(),
            )
            for pack in self._packs
        ]
        return [*resource, self._mandatory_stack, self._advisory, self._stack_advisory]

    def _validator(self, pack: Pack) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
        def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
            if pack.configure(args.get_config()):
                self._rest()
            if args.resource_type == _ROOT_STACK:
                _report(report, pack.judge.configuration_findings(pack.name))
            self._declared[args.urn] = frozenset(args.props)
            _validate(pack.judge, args, report, Level.MANDATORY)

        return validate

    def _rest(self) -> None:
        """Leave out the policies that have nothing to say, since each costs a reading of every resource."""
        advises = any(pack.judge.advises_items for pack in self._packs)
        self._advisory.enforcement_level = EnforcementLevel.ADVISORY if advises else EnforcementLevel.DISABLED
        advises = any(pack.judge.advises_stack for pack in self._packs)
        self._stack_advisory.enforcement_level = (
            EnforcementLevel.ADVISORY if advises else EnforcementLevel.DISABLED
        )

    def _validate_advisory(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        for pack in self._packs:
            if pack.judge.advises_items:
                _validate(pack.judge, args, report, Level.ADVISORY)

    def _validate_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        # No two runs register in the same order, and the same one of two is to be the second in each.
        resources = sorted(args.resources, key=lambda resource: resource.urn)
        placed = [
            (replace(item, declared=self._declared.get(resource.urn)), resource.urn)
            for resource in resources
            for item in read(resource)
        ]
        stack = Stack(item for item, _ in placed)
        urns = {id(item): urn for item, urn in placed}
        self._stack_findings = []
        for pack in self._packs:
            judge = pack.judge
            verdict = judge.stack(stack)
            self._stack_findings += [(finding, urns.get(id(finding.item))) for finding in verdict.findings]
            if judge.exemptions:
                exempt = {one.place for one in judge.exemptions}
                again = [judge.item(item) for item in stack.items if item.place in exempt]
                used = [one for each in (verdict, *again) for one in each.exempted]
                print(f"{pack.name}: {summary(judge.exemptions, used)}", flush=True)
                _report(report, judge.unmatched_findings(used, stack))
        self._report_stack(report, Level.MANDATORY)

    def _validate_stack_advisory(self, _: StackValidationArgs, report: ReportViolation) -> None:
        self._report_stack(report, Level.ADVISORY)

    def _report_stack(self, report: ReportViolation, level: Level) -> None:
        for finding, urn in self._stack_findings:
            if finding.level is level:
                report(str(finding), urn)


def _validate(judge: Judge, args: ResourceValidationArgs, report: ReportViolation, level: Level) -> None:
    for item in read(args, judge.judges):
        _report(report, (finding for finding in judge.item(item).findings if finding.level is level))


def summary(exemptions: Sequence[Exemption], used: Sequence[Exemption]) -> str:
    """The count that is printed, so that an exemption never goes unseen."""
    return f"{len(exemptions)} exemptions configured, {len(used)} findings exempted"


def _report(report: ReportViolation, findings: Iterable[Finding]) -> None:
    for finding in findings:
        report(str(finding), None)
