from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import jsonschema
import pytest
from controls.configuration import Configuration, parse, schema
from controls.control import Level

ENTRY: dict[str, Any] = {
    "control": "WL-03",
    "kind": "DaemonSet",
    "namespace": "logging",
    "name": "collector",
    "owner": "platform",
    "reason": "reads logs",
    "expiry": "2030-01-31",
}
AGENTS: dict[str, Any] = {
    **{key: ENTRY[key] for key in ("owner", "reason", "expiry")},
    "control": ["WL-01", "WL-03"],
    "objects": [{"kind": kind, "namespace": "logging", "name": "collector"} for kind in ("DaemonSet", "Job")],
}
WRONG: list[tuple[object, str]] = [
    ([], "configuration: must be a mapping"),
    ({"exemption": []}, "exemption: unknown key; known are environment, "),
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
    ({"exemptions": [AGENTS | {"control": ["WL-01", "WL-99"]}]}, "exemptions[0].control: no such control"),
    ({"exemptions": [AGENTS | {"control": []}]}, "exemptions[0].control: no such control"),
    (
        {"exemptions": [AGENTS | {"objects": []}]},
        "exemptions[0].objects: must be a list of mappings with kind",
    ),
    (
        {"exemptions": [AGENTS | {"kind": "Pod", "name": "a"}]},
        "exemptions[0].objects: names every object; leave out kind, name beside it",
    ),
    (
        {"exemptions": [{key: value for key, value in AGENTS.items() if key != "objects"}]},
        "exemptions[0]: must say what is exempt, with kind, namespace, name, or with objects",
    ),
    (
        {"exemptions": [AGENTS | {"objects": [{"kind": "Pod"}]}]},
        "exemptions[0].objects[0]: must be a mapping",
    ),
    (
        {"exemptions": [AGENTS | {"objects": [{**AGENTS["objects"][0], "name": " "}]}]},
        "name: must not be empty",
    ),
    ({"enforcementLevels": []}, "enforcementLevels: must be a mapping"),
    ({"enforcementLevels": {"WL-9": "advisory"}}, "enforcementLevels.WL-9: no such control"),
    ({"enforcementLevels": {"WL-09": "off"}}, "enforcementLevels.WL-09: must be one of"),
    ({"enforcementLevels": {"WL-09": ["advisory"]}}, "enforcementLevels.WL-09: must be one of"),
    ({"enforcementLevels": {"WL-09": {"prod": "advisory"}}}, "enforcementLevels.WL-09.prod: must be one of"),
    ({"enforcementLevels": {"WL-09": {"dev": "off"}}}, "enforcementLevels.WL-09: must be one of"),
    ({"environment": "prod"}, "environment: must be one of dev, staging, production"),
    ({"allowedRegistries": "eu.foo.io/"}, "allowedRegistries: must be a list of strings"),
    *(
        ({"maxCanaryPercent": one}, "maxCanaryPercent: must be a whole number of at least 1")
        for one in (0, 1.5, True, "5", float("inf"), float("-inf"), float("nan"))
    ),
    ({"requiredLabels": [""]}, "requiredLabels: must be a list of strings, none of them empty"),
]


@pytest.mark.parametrize("expiry", ["2030-01-31", date(2030, 1, 31)])
def test_an_entry_is_read_with_its_day_as_text_or_as_yaml_date(expiry: object) -> None:
    settings = parse({"exemptions": [ENTRY | {"expiry": expiry}]})
    assert settings.problems == ()
    assert settings.exemptions[0].expiry == date(2030, 1, 31)


def test_an_entry_may_list_controls_and_objects_and_stands_for_each_pair_of_them() -> None:
    settings = parse({"exemptions": [AGENTS]})
    assert settings.problems == ()
    assert [(one.control, str(one.place)) for one in settings.exemptions] == [
        ("WL-01", "DaemonSet logging/collector"),
        ("WL-01", "Job logging/collector"),
        ("WL-03", "DaemonSet logging/collector"),
        ("WL-03", "Job logging/collector"),
    ]
    assert {one.owner for one in settings.exemptions} == {"platform"}


def test_a_pair_that_an_earlier_entry_has_is_refused_by_itself() -> None:
    settings = parse({"exemptions": [ENTRY, AGENTS]})
    assert settings.problems == ("exemptions[1]: repeats an earlier entry; keep one",)
    assert len(settings.exemptions) == 4


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
    raw = {"a": 1, "exemptions": [{"kind": "Pod"}], "enforcementLevels": {"x": "y"}}
    assert len(parse(raw).problems) == 2 + len(ENTRY) - 1


def test_a_level_may_differ_by_environment() -> None:
    raw = {"enforcementLevels": {"WL-09": {"dev": "advisory"}}}
    assert parse(raw | {"environment": "dev"}).level("WL-09") is Level.ADVISORY
    assert parse(raw).level("WL-09") is Level.MANDATORY, (
        "an environment that is not named keeps the control's own"
    )


def test_a_pack_knows_its_own_controls_alone() -> None:
    (problem,) = parse({"enforcementLevels": {"WL-09": "advisory"}}, ["WL-10"]).problems
    assert problem.startswith("enforcementLevels.WL-09: no such control")


def test_the_settings_are_read_into_the_types_of_their_fields() -> None:
    raw = {"allowedRegistries": ["eu.foo.io/"], "requiredLabels": ["owner"], "environment": "staging"}
    settings = parse(raw).settings
    assert (settings.allowed_registries, settings.required_labels) == (("eu.foo.io/",), ("owner",))
    assert not settings.production


def test_no_configuration_is_the_default() -> None:
    assert parse(None) == parse({}) == Configuration()


def test_the_schema_that_pulumi_checks_agrees_with_the_parser() -> None:
    wanted = {"type": "object", "properties": schema()}
    jsonschema.validate({"exemptions": [ENTRY, AGENTS], "enforcementLevels": {"WL-01": "disabled"}}, wanted)
    for raw, problem in WRONG:
        caught_later = ("unknown key; known are environment", "2030-02-30", "repeats", "not be empty")
        if not any(word in f"{problem}{raw}" for word in caught_later):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(raw, wanted)
