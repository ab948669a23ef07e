from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import jsonschema
import pytest
from zero_trust.control import Level
from zero_trust.settings import SCHEMA, Settings, parse

ENTRY: dict[str, Any] = {
    "control": "WL-03",
    "kind": "DaemonSet",
    "namespace": "logging",
    "name": "collector",
    "owner": "platform",
    "reason": "reads logs",
    "expiry": "2030-01-31",
}
WRONG: list[tuple[object, str]] = [
    ([], "configuration: must be a mapping"),
    ({"exemption": []}, "exemption: unknown key; known are exemptions, enforcementLevels"),
    ({"exemptions": {}}, "exemptions: must be a list"),
    ({"exemptions": ["x"]}, "exemptions[0]: must be a mapping"),
    ({"exemptions": [ENTRY | {"pattern": "*"}]}, "exemptions[0].pattern: unknown key"),
    ({"exemptions": [ENTRY | {"control": "WL-99"}]}, "exemptions[0].control: no such control"),
    ({"exemptions": [ENTRY | {"owner": " "}]}, "exemptions[0].owner: must not be empty"),
    ({"exemptions": [ENTRY | {"reason": None}]}, "exemptions[0].reason: must be given"),
    ({"exemptions": [ENTRY | {"expiry": "2030-02-30"}]}, "exemptions[0].expiry: must be a day"),
    ({"exemptions": [ENTRY | {"expiry": "never"}]}, "exemptions[0].expiry: must be a day"),
    ({"exemptions": [ENTRY | {"expiry": datetime(2030, 1, 1, tzinfo=UTC)}]}, "expiry: must be a day"),
    ({"exemptions": [ENTRY, ENTRY | {"reason": "again"}]}, "exemptions[1]: repeats an earlier entry"),
    ({"enforcementLevels": []}, "enforcementLevels: must be a mapping"),
    ({"enforcementLevels": {"WL-9": "advisory"}}, "enforcementLevels.WL-9: no such control"),
    ({"enforcementLevels": {"WL-09": "off"}}, "enforcementLevels.WL-09: must be one of"),
    ({"enforcementLevels": {"WL-09": ["advisory"]}}, "enforcementLevels.WL-09: must be one of"),
]


@pytest.mark.parametrize("expiry", ["2030-01-31", date(2030, 1, 31)])
def test_an_entry_is_read_with_its_day_as_text_or_as_yaml_date(expiry: object) -> None:
    settings = parse({"exemptions": [ENTRY | {"expiry": expiry}]})
    assert settings.problems == ()
    assert settings.exemptions[0].expiry == date(2030, 1, 31)


def test_a_level_is_the_controls_own_unless_configured() -> None:
    settings = parse({"enforcementLevels": {"WL-09": "advisory"}})
    assert (settings.level("WL-09"), settings.level("WL-01")) == (Level.ADVISORY, Level.MANDATORY)


@pytest.mark.parametrize(("raw", "problem"), WRONG)
def test_what_is_wrong_is_named_and_grants_nothing(raw: object, problem: str) -> None:
    settings = parse(raw)
    assert [text for text in settings.problems if problem in text]
    assert settings.levels == {}
    assert len(settings.exemptions) == ("repeats" in problem)


def test_several_mistakes_are_reported_together() -> None:
    raw = {"a": 1, "exemptions": [{}], "enforcementLevels": {"x": "y"}}
    assert len(parse(raw).problems) == 2 + len(ENTRY)


def test_no_configuration_is_the_default() -> None:
    assert parse(None) == parse({}) == Settings()


def test_the_schema_that_pulumi_checks_agrees_with_the_parser() -> None:
    schema = {"type": "object", "properties": dict(SCHEMA)}
    jsonschema.validate({"exemptions": [ENTRY], "enforcementLevels": {"WL-01": "disabled"}}, schema)
    for raw, problem in WRONG:
        caught_later = ("unknown key; known are exemptions", "2030-02-30", "repeats", "not be empty")
        if not any(word in f"{problem}{raw}" for word in caught_later):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(raw, schema)
