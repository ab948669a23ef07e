from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from controls.configuration import Configuration, parse
from controls.control import Level
from controls.exemptions import Exemption
from controls.fields import EMPTY, Unproved, fields
from controls.item import Item
from controls.judge import Judge, Verdict
from controls.objects import items
from controls.stack import Stack
from controls.workloads.catalogue import CONTROLS

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


def made(configuration: Configuration, today: date = DAY) -> Judge:
    return Judge(configuration, today, CONTROLS)


def run(manifest: dict[str, Any], configuration: Configuration, today: date = DAY) -> Verdict:
    manifest["spec"]["hostNetwork"] = True
    manifest["spec"]["hostPID"] = True
    return made(configuration, today).item(Item(api_version="v1", kind="Pod", fields=fields(manifest)))


def exempting(**changes: str) -> tuple[Configuration, Exemption]:
    configuration = parse({"exemptions": [ENTRY | changes]})
    return configuration, configuration.exemptions[0]


def test_without_an_exemption_each_defect_is_a_finding_at_its_level(compliant: dict[str, Any]) -> None:
    verdict = run(compliant, Configuration())
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
    (stale,) = made(settings).unmatched_findings(verdict.exempted, Stack(()))
    assert (stale.control, stale.level, stale.place) == ("EX-02", Level.MANDATORY, exemption.place)
    assert "platform must remove it" in stale.message


def test_an_exemption_holds_through_its_day_and_is_a_violation_after_it(compliant: dict[str, Any]) -> None:
    settings, _ = exempting()
    assert not list(made(settings).configuration_findings("zero-trust"))
    verdict = run(compliant, settings, date(2030, 2, 1))
    assert len(verdict.findings) == 2
    (expired,) = made(settings, date(2030, 2, 1)).configuration_findings("zero-trust")
    assert (expired.control, expired.level) == ("EX-01", Level.MANDATORY)
    assert not list(made(settings, date(2030, 2, 1)).unmatched_findings(verdict.exempted, Stack(()))), (
        "said once is enough"
    )


def test_an_exemption_that_took_something_is_not_stale(compliant: dict[str, Any]) -> None:
    settings, _ = exempting()
    assert not list(made(settings).unmatched_findings(run(compliant, settings).exempted, Stack(())))


def test_an_exemption_of_what_a_chart_may_hold_is_not_stale_before_the_chart_is_seen_through() -> None:
    settings, _ = exempting()
    chart = {"type": "kubernetes:helm.sh/v4:Chart", "name": "c", "properties": {"namespace": "team"}}
    child = {"type": "kubernetes:core/v1:Service", "name": "c:team/web", "properties": {}}
    hidden, seen = Stack(items([chart])), Stack(items([chart, child]))
    assert not list(made(settings).unmatched_findings((), hidden))
    assert [one.control for one in made(settings).unmatched_findings((), seen)] == ["EX-02"]


@pytest.mark.parametrize("level", [Level.ADVISORY, Level.DISABLED])
def test_a_configured_level_replaces_the_controls_own(level: Level, compliant: dict[str, Any]) -> None:
    settings = parse({"enforcementLevels": {"WL-02": level.value}})
    found = run(compliant, settings).findings
    assert [finding.level for finding in found] == ([] if level is Level.DISABLED else [level] * 2)


def test_a_bad_configuration_is_a_violation_that_names_the_key() -> None:
    (found,) = made(parse({"exemption": []})).configuration_findings("zero-trust")
    assert (found.control, found.level) == ("EX-03", Level.MANDATORY)
    assert found.message.startswith("exemption: unknown key")


def test_an_item_meets_the_controls_of_its_type_and_no_other() -> None:
    judge = made(Configuration())
    assert judge.judges(Item(kind="Deployment", api_version="apps/v1", fields=EMPTY))
    assert judge.judges(Item(kind="ConfigMap", api_version="v1", fields=EMPTY)), "WL-12 is about every object"
    assert not judge.judges(Item(kind="aws:s3/bucketV2:BucketV2", fields=EMPTY))


def test_a_disabled_control_is_not_even_asked() -> None:
    levels = dict.fromkeys((control.id for control in CONTROLS), Level.DISABLED)
    judge = made(Configuration(levels=levels))
    assert not judge.advises_items
    assert not judge.advises_stack
    assert not judge.judges(Item(kind="Pod", fields=EMPTY))
    assert judge.stack(Stack([])) == Verdict(findings=(), exempted=())


def test_what_is_not_known_may_be_advice_and_is_never_silence(compliant: dict[str, Any]) -> None:
    compliant["spec"]["hostNetwork"] = Unproved.UNKNOWN
    compliant["spec"]["hostPID"] = True
    item = Item(api_version="v1", kind="Pod", fields=fields(compliant))
    for raw, levels in (
        ({}, [Level.MANDATORY, Level.MANDATORY]),
        ({"unknowns": "advisory"}, [Level.ADVISORY, Level.MANDATORY]),
    ):
        judge = made(parse(raw))
        assert [finding.level for finding in judge.item(item).findings] == levels
        assert judge.advises_items is bool(raw)
