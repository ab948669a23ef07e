from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from zero_trust.control import Level
from zero_trust.exemptions import Exemption
from zero_trust.judge import Verdict, configuration_findings, judge, unmatched_findings
from zero_trust.objects import Object
from zero_trust.settings import Settings, parse

DAY = date(2030, 1, 31)
ENTRY: dict[str, Any] = {
    "control": "WL-02",
    "kind": "Pod",
    "namespace": "team",
    "name": "app",
    "owner": "platform",
    "reason": "node agent",
    "expiry": "2030-01-31",
}


def run(manifest: dict[str, Any], settings: Settings, today: date = DAY) -> Verdict:
    manifest["spec"]["hostNetwork"] = True
    manifest["spec"]["hostPID"] = True
    return judge(Object(api_version="v1", kind="Pod", manifest=manifest), settings, today)


def exempting(**changes: str) -> tuple[Settings, Exemption]:
    settings = parse({"exemptions": [ENTRY | changes]})
    return settings, settings.exemptions[0]


def test_without_an_exemption_each_defect_is_a_finding_at_its_level(compliant: dict[str, Any]) -> None:
    verdict = run(compliant, Settings())
    assert [(f.control, f.level, str(f.place)) for f in verdict.findings] == [
        ("WL-02", Level.MANDATORY, "Pod team/app")
    ] * 2


def test_an_exemption_takes_every_finding_of_its_control_on_its_object(compliant: dict[str, Any]) -> None:
    settings, exemption = exempting()
    assert run(compliant, settings) == Verdict(findings=(), exempted=(exemption, exemption))


@pytest.mark.parametrize(
    "other", [{"control": "WL-01"}, {"kind": "Job"}, {"namespace": ""}, {"name": "app-2"}, {"name": "a*"}]
)
def test_an_exemption_for_anything_else_takes_nothing(
    other: dict[str, str], compliant: dict[str, Any]
) -> None:
    settings, exemption = exempting(**other)
    verdict = run(compliant, settings)
    assert len(verdict.findings) == 2
    (stale,) = unmatched_findings(settings, verdict.exempted, DAY)
    assert (stale.control, stale.level, stale.place) == ("EX-02", Level.MANDATORY, exemption.place)
    assert "platform must remove it" in stale.message


def test_an_exemption_holds_through_its_day_and_is_a_violation_after_it(compliant: dict[str, Any]) -> None:
    settings, _ = exempting()
    assert not list(configuration_findings(settings, DAY))
    verdict = run(compliant, settings, date(2030, 2, 1))
    assert len(verdict.findings) == 2
    (expired,) = configuration_findings(settings, date(2030, 2, 1))
    assert (expired.control, expired.level) == ("EX-01", Level.MANDATORY)
    assert not list(unmatched_findings(settings, verdict.exempted, date(2030, 2, 1))), "said once is enough"


def test_an_exemption_that_took_something_is_not_stale(compliant: dict[str, Any]) -> None:
    settings, _ = exempting()
    assert not list(unmatched_findings(settings, run(compliant, settings).exempted, DAY))


@pytest.mark.parametrize("level", [Level.ADVISORY, Level.DISABLED])
def test_a_configured_level_replaces_the_controls_own(level: Level, compliant: dict[str, Any]) -> None:
    settings = parse({"enforcementLevels": {"WL-02": level.value}})
    found = run(compliant, settings).findings
    assert [finding.level for finding in found] == ([] if level is Level.DISABLED else [level] * 2)


def test_a_bad_configuration_is_a_violation_that_names_the_key() -> None:
    (found,) = configuration_findings(parse({"exemption": []}), DAY)
    assert (found.control, found.level) == ("EX-03", Level.MANDATORY)
    assert found.message.startswith("exemption: unknown key")
