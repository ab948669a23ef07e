"""The pack as Pulumi runs it. Few policy objects: the SDK decodes a resource again for each of them.

Two dispatch every resource control, since the SDK knows one level a policy object; one sees the whole
stack. All take the configuration given to POLICY_NAME, so that it is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from zero_trust import settings as configuration
from zero_trust.catalogue import CONTROLS
from zero_trust.control import Level
from zero_trust.exemptions import Exemption
from zero_trust.fields import Unproved
from zero_trust.judge import Finding, Verdict, configuration_findings, judge, unmatched_findings
from zero_trust.objects import objects
from zero_trust.pods import bears_pod
from zero_trust.settings import PACK_NAME, Settings

POLICY_NAME: Final = PACK_NAME
_ROOT_STACK: Final = "pulumi:pulumi:Stack"
_KUBERNETES: Final = "kubernetes:"


def utc_today() -> date:
    return datetime.now(UTC).date()


class Pack:
    """The policies of one run and the configuration they share.

    Pulumi gives a policy only its own configuration. The engine analyses the root stack before any other
    resource, so POLICY_NAME has handed its configuration over by the time the others need it; a policy
    that runs earlier has no exemptions and so errs towards refusing.
    """

    def __init__(self, today: Callable[[], date] = utc_today) -> None:
        self._today = today
        self._raw: Mapping[str, object] | None = None
        self._settings = Settings()

    def policies(self) -> list[Policy]:
        return [
            ResourceValidationPolicy(
                name=POLICY_NAME,
                description="Zero-trust controls that must hold (docs/policies.md).",
                validate=self._validate_mandatory,
                enforcement_level=EnforcementLevel.MANDATORY,
                config_schema=PolicyConfigSchema(dict(configuration.SCHEMA)),
            ),
            ResourceValidationPolicy(
                name=f"{POLICY_NAME}-advisory",
                description="Zero-trust controls that are advisory here (docs/policies.md).",
                validate=self._validate_advisory,
                enforcement_level=EnforcementLevel.ADVISORY,
            ),
            StackValidationPolicy(
                name=f"{POLICY_NAME}-exemptions",
                description="Every exemption exempts something (docs/policies.md).",
                validate=self._validate_stack,
                enforcement_level=EnforcementLevel.MANDATORY,
            ),
        ]

    def _validate_mandatory(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        self._configure(args.get_config())
        if args.resource_type == _ROOT_STACK:
            _report(report, configuration_findings(self._settings, self._today()))
        self._validate(args, report, Level.MANDATORY)

    def _validate_advisory(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        if Level.ADVISORY in (self._settings.level(control) for control in CONTROLS):
            self._validate(args, report, Level.ADVISORY)

    def _validate(self, args: ResourceValidationArgs, report: ReportViolation, level: Level) -> None:
        for judged in self._verdicts(args):
            _report(report, (finding for finding in judged.findings if finding.level is level))

    def _validate_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        used: list[Exemption] = []
        if self._settings.exemptions:
            for resource in args.resources:
                for judged in self._verdicts(resource):
                    used += judged.exempted
            print(f"zero-trust: {summary(self._settings, used)}", flush=True)
        _report(report, unmatched_findings(self._settings, used, self._today()))

    def _verdicts(self, resource: ResourceValidationArgs | PolicyResource) -> Iterator[Verdict]:
        api_version, kind = type_of(resource.resource_type)
        if bears_pod(api_version, kind.removesuffix("List")):
            manifest = {**copied(resource.props), "apiVersion": api_version, "kind": kind}
            for item in objects(manifest):
                yield judge(item, self._settings, self._today(), fallback=resource.name)

    def _configure(self, raw: Mapping[str, object]) -> None:
        """Take up the configuration. Calls come in several threads: `_raw` never runs ahead of `_settings`."""
        if raw != self._raw:
            self._settings = configuration.parse(raw)
            self._raw = raw


def summary(settings: Settings, used: Sequence[Exemption]) -> str:
    """The count that is printed, so that an exemption never goes unseen."""
    return f"{len(settings.exemptions)} exemptions configured, {len(used)} findings exempted"


def type_of(token: str) -> tuple[str, str]:
    """API version and kind of a resource type; both empty for another provider's."""
    if not token.startswith(_KUBERNETES):
        return "", ""
    api_version, _, kind = token.removeprefix(_KUBERNETES).rpartition(":")
    return api_version, kind


def copied(props: Mapping[str, object]) -> dict[str, object]:
    """Copy what the SDK hands out into dicts and lists, an unknown value becoming Unproved.UNKNOWN.

    The SDK's proxies are neither dict nor list and raise when an unknown is read, which would end the
    whole policy as one advisory line.
    """
    return {key: _known(props, key) for key in props}


def _known(container: Any, key: object) -> object:
    try:
        value = container[key]
    except UnknownValueError:
        return Unproved.UNKNOWN
    if isinstance(value, Mapping):
        return copied(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_known(value, index) for index in range(len(value))]
    return value


def _report(report: ReportViolation, findings: Iterator[Finding]) -> None:
    for finding in findings:
        report(str(finding), None)
