from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from rich.console import Console

from cli.policy_judgement import Finding, Report
from cli.policy_output import Format, rendered, show


def finding(control: str = "WL-02", level: str = "mandatory", **changes: str) -> Finding:
    fields = {"file": "a.yaml", "kind": "Pod", "namespace": "team", "name": "app", "message": "is <bad>"}
    return Finding(control=control, level=level, **{**fields, **changes})


def report(*findings: Finding) -> Report:
    return Report(findings=findings, objects=2, exemptions=0, exempted=0)


def test_junit_has_a_failed_case_a_violation_and_a_skipped_one_an_advice() -> None:
    text = rendered(report(finding(), finding("WL-05", "advisory"), finding("EX-02")), Format.JUNIT)
    root = ElementTree.fromstring(text)
    assert (root.get("tests"), root.get("failures")) == ("3", "2")
    outcomes = {case.get("classname"): case[0].tag for case in root.iter("testcase")}
    assert outcomes == {"WL-02": "failure", "WL-05": "skipped", "EX-02": "failure"}
    (failure,) = root.findall(".//testcase[@classname='WL-02']/failure")
    assert failure.get("message") == "is <bad>"


def test_junit_without_findings_has_one_case_that_passed() -> None:
    root = ElementTree.fromstring(rendered(report(), Format.JUNIT))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert len(list(root.iter("testcase"))) == 1


def test_sarif_names_rule_level_place_and_file_of_each_finding() -> None:
    content = json.loads(rendered(report(finding(), finding("WL-05", "advisory")), Format.SARIF))
    assert content["version"] == "2.1.0"
    (run,) = content["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [
        ("WL-02", "error"),
        ("WL-05", "warning"),
    ]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    assert run["results"][0]["message"]["text"] == "Pod team/app: is <bad>"
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "a.yaml"
    assert rules[0]["properties"]["security-severity"] == "9.5"


def test_sarif_without_findings_is_a_run_without_results() -> None:
    (run,) = json.loads(rendered(report(), Format.SARIF))["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])


@pytest.mark.parametrize("form", [Format.JUNIT, Format.SARIF])
def test_a_name_that_steers_a_terminal_is_made_harmless(form: Format) -> None:
    assert "\x1b" not in rendered(report(finding(name="\x1b[31m", message="\x1b")), form)


def test_a_terminal_gets_a_table_and_a_pipe_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show(report(finding()), Console(force_terminal=True, width=200))
    assert "━" in capsys.readouterr().out
    show(report(finding()), Console(force_terminal=False, width=20))
    assert capsys.readouterr().out == "a.yaml: Pod team/app: WL-02 mandatory: is <bad>\n"
